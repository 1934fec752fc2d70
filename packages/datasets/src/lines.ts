import { DataError } from "@kindred/errors";
import { type BadLineOptions, type BadLineReason, refuseLine } from "./bad-line.ts";

/** One line of a file, without its end. */
export type Line = {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
};

/** Options of {@link lines}. */
export type LinesOptions = BadLineOptions & {
  /** The longest line in bytes, default 16 MiB. Bounds the memory that a file without line ends can take. */
  readonly maxLineBytes?: number | undefined;
};

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * The lines of a UTF-8 byte stream, one at a time, in bounded memory.
 *
 * A line ends at `\n`, with an optional `\r` before it, and nowhere else: U+2028, U+2029, U+0085, form feed and a lone
 * `\r` stay inside their line (Node's `readline` splits at some of them). The last line need not end; an empty input
 * has no lines. A byte order mark at the very start is dropped. Bytes are decoded strictly: a line that is not UTF-8,
 * or longer than `maxLineBytes`, is a bad line and never becomes U+FFFD.
 *
 * @throws DataError with file and line for a bad line, unless `onBadLine` is `"skip"`.
 *
 * @example
 * ```ts
 * import { lines } from "@kindred/datasets";
 *
 * async function* chunks() {
 *   yield new TextEncoder().encode("one\r\ntw");
 *   yield new TextEncoder().encode("o\u2028still two\n");
 * }
 * const texts: string[] = [];
 * for await (const line of lines(chunks(), { file: "example" })) texts.push(line.text);
 * texts; // => ["one", "two\u2028still two"]
 * ```
 */
export async function* lines(chunks: AsyncIterable<Uint8Array>, options: LinesOptions): AsyncGenerator<Line, void> {
  const { maxLineBytes = 16 * 2 ** 20 } = options;
  const buffer = lineBuffer(maxLineBytes);
  let number = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = decode(buffer.take(chunk.subarray(start, end)), ++number, maxLineBytes, options);
      start = end + 1;
      if (line !== undefined) yield line;
    }
    buffer.keep(chunk.subarray(start));
  }
  if (buffer.isEmpty()) return;
  const line = decode(buffer.take(new Uint8Array()), ++number, maxLineBytes, options);
  if (line !== undefined) yield line;
}

// Strict, and without the decoder's own rule for byte order marks: it would drop one at the start of every line.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array | "too long", number: number, maxLineBytes: number, options: LinesOptions) {
  const place = { file: options.file, line: number };
  if (bytes === "too long") {
    const rule = `expected at most ${maxLineBytes}. Is this a text file with one row a line? (A program may raise maxLineBytes.)`;
    const message = `lines: the line is too long. Got more bytes than that, ${rule}`;
    refuseLine(new DataError(place, message, { reason: "too long" satisfies BadLineReason }), options);
    return undefined;
  }
  if (number === 1 && isWide(bytes)) {
    refuseLine(new DataError(place, `lines: the line is not UTF-8. Got ${utf16}.`, notUtf8), options);
    return undefined;
  }
  const hasMark = number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
  try {
    return { number, text: decoder.decode(bytes.subarray(hasMark ? 3 : 0, end)) };
  } catch (cause) {
    const kind = number === 1 ? kindOf(bytes) : undefined;
    const what = kind ?? "invalid bytes, expected UTF-8 text. Convert the file, with iconv say";
    const isSkipped = kind === undefined && options.skipFlag !== undefined; // of another kind of file no line is good
    const skip = isSkipped ? ` Or skip bad lines (${options.skipFlag}).` : "";
    const message = `lines: the line is not UTF-8. Got ${what}.${skip}`;
    refuseLine(new DataError(place, message, notUtf8, { cause }), options);
    return undefined;
  }
}

const notUtf8 = { reason: "not UTF-8" satisfies BadLineReason };

const utf16 = "UTF-16, expected UTF-8 text. Convert the file: iconv -f UTF-16 -t UTF-8";

/** What a file that begins with these bytes is, and what to do with it. */
function kindOf([a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0x1f && b === 0x8b) return "gzip data. Give the file a name that ends in .gz";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd)
    return "Zstandard data. Give the file a name that ends in .zst";
  if (a === 0x50 && b === 0x4b)
    return "a ZIP file, or what a spreadsheet saves. Unpack it, or save the sheet as CSV in UTF-8";
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? utf16 : undefined;
}

/** Whether every second byte of a first line is 0, as of Latin letters in UTF-16, which would be UTF-8 too. */
function isWide(bytes: Uint8Array): boolean {
  const first = bytes.subarray(0, 40);
  const isZero = (rest: number) => first.length >= 8 && first.every((byte, i) => i % 2 !== rest || byte === 0);
  return isZero(0) || isZero(1);
}

/** Collects the pieces of one line, and stops storing them (not counting them) beyond the limit. */
function lineBuffer(maxLineBytes: number) {
  let pieces: Uint8Array[] = [];
  let length = 0;
  return {
    isEmpty: () => length === 0,
    keep(piece: Uint8Array) {
      if (piece.length === 0) return;
      length += piece.length;
      // A copy, since a producer may reuse the memory of its last chunk.
      if (length <= maxLineBytes + 1) pieces.push(piece.slice());
      else pieces = [];
    },
    take(last: Uint8Array): Uint8Array | "too long" {
      const total = length + last.length;
      const tooLong = total > maxLineBytes + (endsWithReturn(last.length > 0 ? last : pieces.at(-1)) ? 1 : 0);
      const bytes = tooLong || length === 0 ? last : join([...pieces, last], total);
      pieces = [];
      length = 0;
      return tooLong ? "too long" : bytes;
    },
  };
}

function endsWithReturn(piece: Uint8Array | undefined): boolean {
  return piece?.at(-1) === carriageReturn;
}

function join(pieces: readonly Uint8Array[], total: number): Uint8Array {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
