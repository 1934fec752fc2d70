import { FormatError } from "@kindred/errors";
import type { Fail } from "./byte-source.ts";
import { byteLength, type Dtype, isDtype } from "./named-tensor.ts";

/** The reference's limit, so that a corrupt length cannot ask for memory. */
const MAX_HEADER_BYTES = 100_000_000;

/** One tensor of a header: what it is, and where its bytes begin and end, counted from the end of the header. */
type SafetensorsEntry = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

/** All that stands in a header. Entries keep its order. `metadata` has no prototype, so any key is only a key. */
export type SafetensorsHeader = {
  readonly entries: Map<string, SafetensorsEntry>;
  readonly metadata: Record<string, string>;
};

/** The header's length from a file's first 8 bytes, checked against the file's. */
export function safetensorsHeaderLength(start: Uint8Array, fileLength: number, file: string): number {
  if (start.length < 8) {
    throw new FormatError(
      { file, offset: 0 },
      `too short. Got ${start.length} bytes, expected the 8 of the header's length.`,
    );
  }
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  const hint = new TextDecoder("latin1").decode(start).startsWith("version ")
    ? " This is the text of a Git LFS pointer: fetch the file itself (git lfs pull)."
    : "";
  if (length > MAX_HEADER_BYTES) {
    throw new FormatError(
      { file, offset: 0 },
      `header too long. Got ${length} bytes, expected at most 100 MB.${hint}`,
      { length },
    );
  }
  if (length > fileLength - 8) {
    throw new FormatError(
      { file, offset: 0 },
      `header longer than the file. Got ${length} bytes, expected at most the ${fileLength - 8} that follow. Is the file cut off?`,
      { length },
    );
  }
  return length;
}

/**
 * The checked contents of a safetensors header.
 *
 * The rules are the specification's: UTF-8, `{` first, each key once, `__metadata__` from strings to strings, dtype ×
 * shape = bytes, and the tensors' bytes follow each other from 0 to the end without hole or overlap. A field that the
 * specification does not name is refused.
 *
 * @param header the bytes after the 8 of the length
 * @param dataLength how many bytes follow the header
 */
export function parseSafetensorsHeader(header: Uint8Array, dataLength: number, file: string): SafetensorsHeader {
  if (header[0] !== 0x7b)
    throw new FormatError({ file, offset: 8 }, 'header is not a JSON object. Expected "{" as its first byte.');
  const text = decode(header, file);
  const fail = (at: number, message: string): never => {
    throw new FormatError(
      { file, offset: 8 + new TextEncoder().encode(text.slice(0, at)).length },
      `header: ${message}`,
    );
  };
  const cursor = new JsonCursor(text, fail);
  const entries = new Map<string, SafetensorsEntry>();
  const metadata: Record<string, string> = Object.create(null);
  cursor.object("the header", (name, at) => {
    if (name === "__metadata__") {
      cursor.object("__metadata__", (key) => {
        metadata[key] = cursor.string(`__metadata__'s ${JSON.stringify(key)}`);
      });
    } else entries.set(name, parseEntry(cursor, JSON.stringify(name), at, fail));
  });
  cursor.end();
  expectNoHoles(entries, dataLength, { file, dataOffset: 8 + header.length });
  return { entries, metadata };
}

function decode(header: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new FormatError({ file, offset: 8 }, "header is not UTF-8. Expected JSON in UTF-8.", {}, { cause });
  }
}

function parseEntry(cursor: JsonCursor, name: string, at: number, fail: Fail): SafetensorsEntry {
  let dtype: Dtype | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  cursor.object(`tensor ${name}`, (field, fieldAt) => {
    if (field === "dtype") {
      const word = cursor.string("a dtype");
      dtype = isDtype(word)
        ? word
        : fail(fieldAt, `unknown dtype of tensor ${name}. Got ${JSON.stringify(word)}, expected F32, I64, ….`);
    } else if (field === "shape") shape = cursor.integers("a shape");
    else if (field === "data_offsets") offsets = cursor.integers("data_offsets");
    else
      fail(
        fieldAt,
        `unknown field of tensor ${name}. Got ${JSON.stringify(field)}, expected dtype, shape and data_offsets.`,
      );
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    const missing = Object.entries({ dtype, shape, data_offsets: offsets }).filter(([, value]) => value === undefined);
    return fail(
      at,
      `tensor ${name} has no ${missing.map(([field]) => field).join(", no ")}. Expected dtype, shape and data_offsets.`,
    );
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    return fail(at, `data_offsets of tensor ${name}: got ${offsets.length} numbers, expected 2, begin and end.`);
  }
  const length = byteLength(dtype, shape);
  if (typeof length === "string") return fail(at, `tensor ${name}, ${dtype} [${shape.join(", ")}]: ${length}.`);
  if (end - begin !== length) {
    const what = `${dtype} [${shape.join(", ")}]`;
    fail(
      at,
      `tensor ${name}: data_offsets do not fit the shape. Got [${begin}, ${end}], expected ${length} bytes for ${what}.`,
    );
  }
  return { dtype, shape, begin, end };
}

function expectNoHoles(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  dataLength: number,
  { file, dataOffset }: { file: string; dataOffset: number },
): void {
  let covered = 0;
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== covered) {
      const what = begin > covered ? "a hole before" : "an overlap at";
      throw new FormatError(
        { file, offset: dataOffset + Math.min(begin, covered) },
        `${what} tensor ${JSON.stringify(name)}. Got data_offsets [${begin}, ${end}], expected a begin of ${covered}, the end of the one before.`,
      );
    }
    covered = end;
  }
  if (covered !== dataLength) {
    throw new FormatError(
      { file, offset: dataOffset + Math.min(covered, dataLength) },
      `the tensors do not cover the file. Got ${dataLength} bytes of data, expected the ${covered} that the header describes.` +
        (covered > dataLength ? " Is the file cut off?" : ""),
    );
  }
}

/**
 * Reads JSON text from left to right, told at each place what must stand there.
 *
 * `JSON.parse` cannot be used for a header that is a contract: it keeps the last of two equal keys, rounds integers
 * above 2⁵³, takes 1e2 and 4.0 for integers, and forgets where things stood. What is not expected is refused at its
 * first letter, so nesting needs no limit.
 */
class JsonCursor {
  readonly #text: string;
  readonly #fail: Fail;
  #at = 0;

  constructor(text: string, fail: Fail) {
    this.#text = text;
    this.#fail = fail;
  }

  /** The index of the next token. */
  get at(): number {
    while (" \n\r\t".includes(this.#text[this.#at] ?? "end")) this.#at += 1;
    return this.#at;
  }

  /** Steps over one punctuation mark. */
  punctuation(mark: string, where: string): void {
    if (!this.#take(mark)) this.#fail(this.at, `${this.#found()}, expected "${mark}" ${where}.`);
  }

  /** An object, given to `each` member by member; `each` reads the value. Two equal keys are refused. */
  object(what: string, each: (key: string, at: number) => void): void {
    const keys = new Set<string>();
    this.punctuation("{", `to begin ${what}`);
    if (this.#take("}")) return;
    do {
      const at = this.at;
      const key = this.string(`a key of ${what}`);
      if (keys.has(key)) this.#fail(at, `key ${JSON.stringify(key)} stands twice in ${what}. Expected each key once.`);
      keys.add(key);
      this.punctuation(":", "after a key");
      each(key, at);
    } while (this.#take(","));
    this.punctuation("}", `to end ${what}`);
  }

  /** An array of integers in [0, 2⁵³). */
  integers(what: string): number[] {
    const values: number[] = [];
    this.punctuation("[", `to begin ${what}`);
    if (this.#take("]")) return values;
    do values.push(this.#integer(what));
    while (this.#take(","));
    this.punctuation("]", `to end ${what}`);
    return values;
  }

  /** A string. Lone surrogates are refused: no UTF-8 text holds them. */
  string(what: string): string {
    const from = this.at;
    if (this.#text[from] !== '"') this.#fail(from, `${this.#found()}, expected a string for ${what}.`);
    let to = from + 1;
    while (to < this.#text.length && this.#text[to] !== '"') to += this.#text[to] === "\\" ? 2 : 1;
    this.#at = to + 1;
    try {
      const value: string = JSON.parse(this.#text.slice(from, to + 1));
      if (!/\p{Surrogate}/u.test(value)) return value;
    } catch {
      // Said below.
    }
    return this.#fail(from, `not a string of JSON, expected one for ${what}.`);
  }

  /** Nothing but white space. */
  end(): void {
    if (this.at < this.#text.length) this.#fail(this.at, `${this.#found()}, expected nothing after the closing brace.`);
  }

  #integer(what: string): number {
    const digits = /(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
    digits.lastIndex = this.at;
    const value = Number(digits.exec(this.#text)?.[0]);
    if (!Number.isSafeInteger(value)) {
      this.#fail(this.at, `${this.#found()}, expected an integer of at least 0, below 2^53, in ${what}.`);
    }
    this.#at = digits.lastIndex;
    return value;
  }

  #take(mark: string): boolean {
    if (this.#text[this.at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #found(): string {
    const rest = this.#text.slice(this.at, this.at + 24);
    return rest === "" ? "the header ends here" : `got ${JSON.stringify(rest)}`;
  }
}
