import { FormatError } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";
import { inflateRaw } from "./inflate-raw.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** Where the data of an entry begin: after its own header, whose name must be the directory's. */
export async function zipDataOffset(source: ByteSource, { name, headerOffset, compressedBytes }: ZipEntry) {
  const fail = (message: string): never => {
    throw new FormatError({ file: source.file, offset: headerOffset }, `zip entry ${JSON.stringify(name)}: ${message}`);
  };
  const expectedName = new TextEncoder().encode(name);
  const headerBytes = 30 + expectedName.length;
  if (headerOffset + headerBytes > source.length) fail("its header runs beyond the file.");
  const header = await source.read(headerOffset, headerBytes);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  if (view.getUint32(0, true) !== 0x04034b50) fail("no header here. Expected PK\\3\\4.");
  const isSameName =
    view.getUint16(26, true) === expectedName.length && expectedName.every((byte, i) => byte === header[30 + i]);
  if (!isSameName) fail("its header has another name than the directory.");
  const offset = headerOffset + headerBytes + view.getUint16(28, true);
  return offset + compressedBytes <= source.length ? offset : fail("its data run beyond the file. Is it cut off?");
}

/**
 * The unpacked bytes of an entry. Its checksum is not looked at: PyTorch does not either, and may be told to write
 * none.
 */
export async function readZipEntry(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  const offset = await zipDataOffset(source, entry);
  if (!entry.isDeflated) return source.read(offset, entry.bytes);
  return inflateRaw(source, { offset, compressedBytes: entry.compressedBytes, bytes: entry.bytes });
}
