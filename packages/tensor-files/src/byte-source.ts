/**
 * A file of known length that is read piece by piece, from memory or from disk, so that a reader is written once for
 * both.
 */
export type ByteSource = {
  /** The name that errors give the file. */
  readonly file: string;
  readonly length: number;
  /**
   * The bytes at [offset, offset + length), which must lie within the file. From memory a view, not to be written to;
   * from disk a buffer of its own.
   */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
};

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array, file: string): ByteSource {
  return { file, length: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Ends the reading with an error about the byte, or the letter, at an index of what is read. */
export type Fail = (at: number, message: string) => never;
