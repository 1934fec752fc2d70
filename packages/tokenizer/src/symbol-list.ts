const smallest = 256;
const mostKept = 65_536; // symbols, 1.25 MB

/** What becomes of a byte without an entry. */
export type UnknownBytes = {
  /** The id of the unknown token, −1 if there is none: then the byte is left out. */
  readonly unknownId: number;
  /** Whether such bytes beside each other are one symbol. */
  readonly fusesUnknown: boolean;
};

/** The symbols of a word while they are joined: a list linked in both directions, −1 at its ends. Made to be filled again and again. */
export class SymbolList {
  /** The id of each symbol, −1 for one that was joined to the symbol before it. */
  ids = new Int32Array(smallest);
  /** Where each symbol begins in the text, in UTF-16 units: where the character of its first byte does. */
  starts = new Int32Array(smallest);
  /** Where the character of its last byte ends. */
  ends = new Int32Array(smallest);
  /** The symbol after each. */
  next = new Int32Array(smallest);
  /** The symbol before each. */
  previous = new Int32Array(smallest);
  /** How many symbols there were before any were joined. The first of them is the first of the list. */
  count = 0;
  readonly #byteIds: Int32Array;
  readonly #unknown: UnknownBytes;
  #endsInUnknown = false;

  /** @param byteIds the id of each of the 256 bytes, −1 for one without an entry */
  constructor(byteIds: Int32Array, unknown: UnknownBytes) {
    this.#byteIds = byteIds;
    this.#unknown = unknown;
  }

  /** Fills an empty list with the bytes of `text[start, end)` in UTF-8. */
  spell(text: string, start: number, end: number): void {
    for (let at = start; at < end; ) {
      let code = text.codePointAt(at)!; // at is below the length
      const next = at + (code > 0xffff ? 2 : 1);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) this.#push(code, at, next);
      else {
        if (code < 0x800) this.#push(0xc0 | (code >> 6), at, next);
        else {
          if (code < 0x10000) this.#push(0xe0 | (code >> 12), at, next);
          else {
            this.#push(0xf0 | (code >> 18), at, next);
            this.#push(0x80 | ((code >> 12) & 0x3f), at, next);
          }
          this.#push(0x80 | ((code >> 6) & 0x3f), at, next);
        }
        this.#push(0x80 | (code & 0x3f), at, next);
      }
      at = next;
    }
    if (this.count > 0) this.next[this.count - 1] = -1;
  }

  /** Makes one symbol of two that follow each other, with the place of the left one. */
  join(left: number, right: number, id: number): void {
    // `!`: both are symbols of the list.
    const after = this.next[right]!;
    this.ids[left] = id;
    this.ids[right] = -1;
    this.ends[left] = this.ends[right]!;
    this.next[left] = after;
    if (after >= 0) this.previous[after] = left;
  }

  /** Empties the list, and drops the memory that a huge word took. */
  clear(): void {
    this.count = 0;
    this.#endsInUnknown = false;
    if (this.ids.length > mostKept) this.#resize(smallest);
  }

  #push(byte: number, start: number, end: number): void {
    const { unknownId, fusesUnknown } = this.#unknown;
    const known = this.#byteIds[byte]!; // one for every byte
    const id = known < 0 ? unknownId : known;
    if (id < 0) return;
    if (known < 0 && fusesUnknown && this.#endsInUnknown) {
      this.ends[this.count - 1] = end;
      return;
    }
    this.#endsInUnknown = known < 0;
    const at = this.count++;
    if (at === this.ids.length) this.#resize(2 * at);
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
    this.previous[at] = at - 1;
    this.next[at] = at + 1;
  }

  #resize(capacity: number): void {
    const resized = (values: Int32Array) => {
      const others = new Int32Array(capacity);
      others.set(values.subarray(0, Math.min(capacity, values.length)));
      return others;
    };
    this.ids = resized(this.ids);
    this.starts = resized(this.starts);
    this.ends = resized(this.ends);
    this.next = resized(this.next);
    this.previous = resized(this.previous);
  }
}
