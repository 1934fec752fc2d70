/** Ends the reading with an error about the text at an index. */
export type Fail = (at: number, message: string) => never;

/**
 * Reads JSON text from left to right, told at each place what must stand there.
 *
 * `JSON.parse` cannot be used for a header that is a contract: it keeps the last of two equal keys, rounds integers
 * above 2⁵³, takes 1e2 and 4.0 for integers, and forgets where things stood. What is not expected is refused at its
 * first letter, so nesting needs no limit.
 */
export class JsonCursor {
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
