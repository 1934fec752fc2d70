import { FormatError } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";

const PIECE_BYTES = 2 ** 20;

/**
 * The bytes that a deflated span of a file unpacks to, by the platform's own decompressor. Never more than `bytes` and
 * a piece are held; packed data that give more, or fewer, are refused.
 *
 * @throws FormatError naming file and the span's offset
 * @see Deutsch (1996), RFC 1951
 */
export async function inflateRaw(
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
