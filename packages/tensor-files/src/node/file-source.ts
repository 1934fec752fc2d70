import { open } from "node:fs/promises";
import { FormatError } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";

/** An open file as a source. */
export type FileSource = ByteSource & {
  /** Closes the file. A second call does nothing. */
  readonly close: () => Promise<void>;
};

/** Opens a file to be read piece by piece. One that is not there, or has become shorter since, is a {@link FormatError}. */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new FormatError({ file: path }, "the file is missing.", {}, { cause });
  });
  let isOpen = true;
  const close = async () => {
    if (isOpen) {
      isOpen = false;
      await handle.close();
    }
  };
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
      if (bytesRead === 0)
        throw new FormatError({ file: path, offset: offset + at }, "the file ends here. Was it cut off while open?");
      at += bytesRead;
    }
    return bytes;
  };
  try {
    return { file: path, length: (await handle.stat()).size, read, close };
  } catch (error) {
    await close();
    throw error;
  }
}
