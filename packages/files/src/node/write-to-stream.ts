import { once } from "node:events";
import type { Writable } from "node:stream";

/**
 * Writes to a stream, standard output say, and resolves when more may come: no faster than its reader reads, so that what waits does
 * not pile up in memory.
 *
 * Fails with the stream's own error.
 *
 * @example
 * ```ts
 * import { PassThrough } from "node:stream";
 * import { writeToStream } from "@kindred/files/node";
 *
 * const stream = new PassThrough();
 * await writeToStream(stream, "one line\n");
 * String(stream.read()); // => "one line\n"
 * ```
 */
export async function writeToStream(stream: Writable, contents: Uint8Array | string): Promise<void> {
  if (!stream.write(contents)) await once(stream, "drain");
}
