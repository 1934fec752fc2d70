// Zip archives, as far as torch.save writes them. Ours: of a model of gigabytes parts of stored entries are read, from disk or memory,
// in browsers too, and nothing is allocated because a directory says so. fflate takes an archive whole and allocates what it is told;
// yauzl needs Node.
import { FormatError } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";

/** One file of an archive. Offsets count from the archive's first byte. */
export type ZipEntry = {
  readonly name: string;
  /** Where the entry's own header begins; its data follow that header. */
  readonly headerOffset: number;
  readonly compressedBytes: number;
  /** Bytes after decompression. */
  readonly bytes: number;
  readonly isDeflated: boolean;
};

const END_BYTES = 22;
const WIDE_END_BYTES = 56;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
/**
 * Weights hardly shrink; zeros do, by 1,032 times at best. An archive may unpack to this much and 20 times its length.
 */
const FREE_UNPACKED_BYTES = 64 * 2 ** 20;
const LARGEST_RATIO = 20;

/**
 * The files of a zip archive by name, from the directory at its end, with the 64-bit records that PyTorch writes.
 *
 * Refused: encrypted, split and otherwise packed archives, names that stand twice, entries that overlap each other or
 * the directory, and what unpacks to far more than the archive's own length.
 *
 * @throws FormatError naming file, byte offset and rule
 * @see PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3
 */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { file } = source;
  const end = await readEndRecord(source);
  const bytes = await source.read(end.directoryOffset, end.directoryBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < end.entryCount; i++) {
    const fail = (message: string): never => {
      throw new FormatError({ file, offset: end.directoryOffset + at }, `zip directory: ${message}`);
    };
    if (at + ENTRY_BYTES > bytes.length) fail(`it ends in entry ${i} of ${end.entryCount}. Is the file cut off?`);
    if (view.getUint32(at, true) !== 0x02014b50) fail(`entry ${i} does not begin with PK\\1\\2.`);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + ENTRY_BYTES + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > bytes.length) fail(`entry ${i} runs beyond the directory's ${bytes.length} bytes.`);
    const name = decodeName(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes));
    if (name === undefined) return fail(`the name of entry ${i} is not UTF-8.`);
    if (entries.has(name)) fail(`${JSON.stringify(name)} stands twice. Expected each name once.`);
    const extra = bytes.subarray(at + ENTRY_BYTES + nameBytes, at + ENTRY_BYTES + nameBytes + extraBytes);
    entries.set(name, parseEntry(view, at, name, extra, fail));
    at = next;
  }
  expectApart(entries, end.directoryOffset, file);
  const unpackedBytes = [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const limit = FREE_UNPACKED_BYTES + LARGEST_RATIO * source.length;
  if (unpackedBytes <= limit) return entries;
  throw new FormatError(
    { file, offset: end.directoryOffset },
    `zip archive unpacks to ${unpackedBytes} bytes. Expected at most 64 MiB and ${LARGEST_RATIO} times its own length, ${limit} bytes.`,
  );
}

function parseEntry(
  view: DataView,
  at: number,
  name: string,
  extra: Uint8Array,
  fail: (message: string) => never,
): ZipEntry {
  const quoted = JSON.stringify(name);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if ((flags & 0x2041) !== 0) fail(`${quoted} is encrypted.`);
  if (method !== 0 && method !== 8)
    fail(`${quoted} is packed by method ${method}. Expected 0, stored, or 8, deflated.`);
  const wide = wideSizes(extra);
  const size = (narrow: number): number => {
    if (narrow !== 0xffffffff) return narrow;
    const value = Number(wide.shift() ?? fail(`${quoted} has no 64-bit size, though its 32-bit one refers to it.`));
    return Number.isSafeInteger(value) ? value : fail(`${quoted} has a size of ${value}. Expected less than 2^53.`);
  };
  const bytes = size(view.getUint32(at + 24, true));
  const compressedBytes = size(view.getUint32(at + 20, true));
  const headerOffset = size(view.getUint32(at + 42, true));
  const isDeflated = method === 8;
  if (!isDeflated && bytes !== compressedBytes)
    fail(`${quoted} is stored, yet has two sizes. Got ${bytes} and ${compressedBytes} bytes.`);
  return { name, headerOffset, compressedBytes, bytes, isDeflated };
}

/** The 64-bit numbers of the extra field 0x0001, in the order of the 32-bit ones that they stand for. */
function wideSizes(extra: Uint8Array): bigint[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && at + 4 + length <= extra.length) {
      return Array.from({ length: Math.floor(length / 8) }, (_, i) => view.getBigUint64(at + 4 + 8 * i, true));
    }
    at += 4 + length;
  }
  return [];
}

function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function readEndRecord(source: ByteSource) {
  const { file, length } = source;
  const tailOffset = Math.max(0, length - END_BYTES - 0xffff); // a comment of at most 65,535 bytes may follow the record
  const tail = await source.read(tailOffset, length - tailOffset);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || at + END_BYTES + view.getUint16(at + 20, true) !== tail.length)
      continue;
    const record = {
      entryCount: view.getUint16(at + 10, true),
      directoryBytes: view.getUint32(at + 12, true),
      directoryOffset: view.getUint32(at + 16, true),
    };
    const hasWide = at >= 20 && view.getUint32(at - 20, true) === 0x07064b50;
    const end = hasWide ? await readWideEndRecord(source, Number(view.getBigUint64(at - 12, true))) : record;
    const limit = tailOffset + at;
    // A directory needs 46 bytes an entry, so its length bounds the count.
    if (
      !(end.directoryOffset + end.directoryBytes <= limit) ||
      !(end.entryCount * ENTRY_BYTES <= end.directoryBytes) ||
      view.getUint16(at + 4, true) !== view.getUint16(at + 6, true)
    ) {
      throw new FormatError(
        { file, offset: limit },
        `zip directory does not fit the file. Got ${end.entryCount} entries in ${end.directoryBytes} bytes from ${end.directoryOffset}, expected them before byte ${limit}, on one disk.`,
      );
    }
    return end;
  }
  throw new FormatError({ file, offset: length }, "no zip directory at the end. Expected one. Is the file cut off?");
}

async function readWideEndRecord(source: ByteSource, offset: number) {
  const isInside = offset <= source.length - WIDE_END_BYTES;
  const bytes = await source.read(isInside ? offset : 0, isInside ? WIDE_END_BYTES : 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isInside || view.getUint32(0, true) !== 0x06064b50) {
    throw new FormatError(
      { file: source.file, offset: Math.min(offset, source.length) },
      "no 64-bit zip end record here, where its locator points.",
    );
  }
  return {
    entryCount: Number(view.getBigUint64(32, true)),
    directoryBytes: Number(view.getBigUint64(40, true)),
    directoryOffset: Number(view.getBigUint64(48, true)),
  };
}

function expectApart(entries: ReadonlyMap<string, ZipEntry>, directoryOffset: number, file: string): void {
  let covered = 0;
  for (const { name, headerOffset, compressedBytes } of [...entries.values()].sort(
    (a, b) => a.headerOffset - b.headerOffset,
  )) {
    const end = headerOffset + LOCAL_HEADER_BYTES + compressedBytes;
    if (headerOffset < covered || end > directoryOffset) {
      throw new FormatError(
        { file, offset: Math.min(headerOffset, directoryOffset) },
        `zip entry ${JSON.stringify(name)} overlaps its neighbour. Got bytes ${headerOffset} to ${end}, expected them within ${covered} to ${directoryOffset}.`,
      );
    }
    covered = end;
  }
}

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

const PIECE_BYTES = 2 ** 20;

/**
 * The bytes that a deflated span of a file unpacks to, by the platform's own decompressor. Never more than `bytes` and
 * a piece are held; packed data that give more, or fewer, are refused.
 *
 * @throws FormatError naming file and the span's offset
 * @see Deutsch (1996), RFC 1951
 */
async function inflateRaw(
  source: ByteSource,
  { offset, compressedBytes, bytes }: { offset: number; compressedBytes: number; bytes: number },
): Promise<Uint8Array> {
  const fail = (message: string, cause?: unknown): never => {
    throw new FormatError({ file: source.file, offset }, `deflated data: ${message}`, {}, { cause });
  };
  let at = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: async (controller) => {
      const length = Math.min(PIECE_BYTES, compressedBytes - at);
      // A copy, since streams may hand buffers on and detach them.
      if (length > 0) controller.enqueue(new Uint8Array(await source.read(offset + at, length)));
      else controller.close();
      at += length;
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const unpacked = new Uint8Array(bytes);
  let filled = 0;
  for (;;) {
    const { done, value } = await reader
      .read()
      .catch((cause: unknown) =>
        cause instanceof FormatError ? Promise.reject(cause) : fail("they are corrupt.", cause),
      );
    if (done) break;
    if (filled + value.length > bytes) {
      await reader.cancel().catch(() => undefined);
      fail(`they unpack to more than the ${bytes} bytes that the directory says.`);
    }
    unpacked.set(value, filled);
    filled += value.length;
  }
  return filled === bytes ? unpacked : fail(`they unpack to ${filled} bytes, expected ${bytes}.`);
}
