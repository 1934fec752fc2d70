import { pipeline, Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { ConfigError, DataError } from "@kindred/errors";

/** How a file is packed. */
export type Packing = "gz" | "zst";

/** Bytes that are unpacked at a time: each time costs this thread a turn. */
const chunkSize = 2 ** 17;

/**
 * The bytes inside a packed stream, as they are unpacked, on another thread than this one and in memory bounded whatever the size. Gzip and
 * Zstandard files joined end to end are read as one; of Zstandard, also with the windows of up to 2 GiB that dumps of Reddit have.
 *
 * The checksum stands at the end of a file, so damage inside may show only after some (wrong) bytes were given: a reader that must not act
 * on them reads to the end first.
 *
 * @param options `file`: the name of the input in errors
 * @throws DataError when the data is damaged, stops before its end, or is packed otherwise; ConfigError for Zstandard on a Node that has none.
 * An error of `chunks` itself passes through.
 *
 * @example
 * ```ts
 * import { gzipSync } from "node:zlib";
 * import { unpack } from "@kindred/datasets/node";
 *
 * const joined = Buffer.concat([gzipSync("one, "), gzipSync("two")]);
 * let text = "";
 * for await (const chunk of unpack([joined], { file: "a.gz", packing: "gz" })) text += new TextDecoder().decode(chunk);
 * text; // => "one, two"
 * ```
 */
export async function* unpack(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { file, packing }: { readonly file: string; readonly packing: Packing },
): AsyncGenerator<Uint8Array, void> {
  const unpacking = packing === "gz" ? zlib.createGunzip({ chunkSize }) : zstd(file);
  let failure: { readonly reason: unknown } | undefined;
  async function* source() {
    try {
      yield* packing === "gz" ? chunks : atFrameEnds(chunks);
    } catch (reason) {
      failure = { reason };
      throw reason;
    }
  }
  pipeline(Readable.from(source(), { objectMode: false }), unpacking, () => {}); // errors show where the stream is read
  try {
    for await (const chunk of unpacking) yield chunk;
  } catch (cause) {
    if (failure !== undefined) throw failure.reason;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const kind = packing === "gz" ? "gzip" : "Zstandard";
    throw new DataError(
      { file },
      `unpack: cannot unpack (${reason}). Got damaged, truncated or other data, expected a whole ${kind} file. Copy it again, or unpack and pack it again.`,
      {},
      { cause },
    );
  } finally {
    unpacking.destroy();
  }
}

/** The parameter of a Zstandard reader that bounds a frame's window, as a power of two (ZSTD_d_windowLogMax), and its largest value. */
const [windowLogMax, largestWindowLog] = [100, 31];

function zstd(file: string): Transform {
  // Node 20 has no such function, nor the types that are written against it.
  const create: unknown = Reflect.get(zlib, "createZstdDecompress");
  if (typeof create === "function") return create({ chunkSize, params: { [windowLogMax]: largestWindowLog } });
  throw new ConfigError(
    `unpack: this Node cannot read Zstandard. Got ${file} on Node ${process.versions.node}, expected Node 22.15 or later. Unpack the file, or use that Node.`,
    { file },
  );
}

/** The first bytes of a Zstandard frame, and of one that holds something else and is skipped (its last four bits may be any). */
const [frameMagic, skippedMagic] = [0xfd2fb528, 0x184d2a50];

/**
 * The same bytes, in chunks of which none goes over the end of a frame: Node's reader stops at the first end that it meets within a chunk,
 * without a word, and what is joined behind it would be lost.
 *
 * @see Y. Collet, M. Kucherawy, RFC 8878 (2021), section 3.1
 */
async function* atFrameEnds(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let expected: "frame" | "block" | "nothing" = "frame";
  let head: number[] = []; // the header that is being read
  let toSkip = 0; // bytes before the next header
  let hasChecksum = false;
  let isFrameEnd = false; // behind the bytes to skip
  /** What follows the header that has been read so far; undefined if more of it is needed. */
  const next = (): { readonly skip: number; readonly header: typeof expected; readonly ends?: boolean } | undefined => {
    const [a = 0, b = 0, c = 0, d = 0, descriptor = 0] = head;
    if (expected === "block") {
      if (head.length < 3) return undefined;
      const header = a | (b << 8) | (c << 16);
      const [isLast, isRepeated, size] = [(header & 1) === 1, ((header >> 1) & 3) === 1, header >> 3];
      const skip = (isRepeated ? 1 : size) + (isLast && hasChecksum ? 4 : 0);
      return isLast ? { skip, header: "frame", ends: true } : { skip, header: "block" };
    }
    if (head.length < 5) return undefined;
    const magic = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
    if ((magic & 0xfffffff0) >>> 0 === skippedMagic) {
      if (head.length < 8) return undefined;
      const [e = 0, f = 0, g = 0, h = 0] = head.slice(4);
      return { skip: (e | (f << 8) | (g << 16) | (h << 24)) >>> 0, header: "frame", ends: true };
    }
    if (magic !== frameMagic) return { skip: 0, header: "nothing" }; // whoever unpacks it says so
    hasChecksum = ((descriptor >> 2) & 1) === 1;
    const isSingle = (descriptor >> 5) & 1;
    const sizeBytes = [isSingle, 2, 4, 8][descriptor >> 6] ?? 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    return { skip: 1 - isSingle + dictionaryBytes + sizeBytes, header: "block" };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; ) {
      if (expected === "nothing") break;
      if (toSkip > 0) {
        const step = Math.min(toSkip, chunk.length - at);
        toSkip -= step;
        at += step;
      } else {
        head.push(chunk[at++] ?? 0); // at < length
        const following = next();
        if (following === undefined) continue;
        [head, expected, toSkip, isFrameEnd] = [[], following.header, following.skip, following.ends === true];
      }
      if (toSkip > 0 || !isFrameEnd) continue;
      isFrameEnd = false;
      yield chunk.subarray(start, at);
      start = at;
    }
    if (start < chunk.length) yield chunk.subarray(start);
  }
}
