import { FormatError } from "./kindred-error.ts";
import { nearestName } from "./nearest-name.ts";

/**
 * One value of a JSON file that knows its place, so that a refusal names file and key. Each of its readings gives a value
 * of the asked kind or throws a {@link FormatError}.
 *
 * @example
 * ```ts
 * import { JsonField } from "@kindred/errors";
 *
 * const { size, name } = JsonField.parse('{"size": 3}', "config.json").object("size", "name");
 * size.integer(1, 100); // => 3
 * [name.value, name.path]; // => [undefined, "name"]
 * ```
 */
export class JsonField {
  /** What stands there; undefined where nothing does. */
  readonly value: unknown;
  /** The file, as the user named it. */
  readonly file: string;
  /** The key, as in `model.vocab`; empty for the whole file. */
  readonly path: string;

  constructor(value: unknown, file: string, path = "") {
    this.value = value;
    this.file = file;
    this.path = path;
  }

  /**
   * A whole file, as text or bytes of UTF-8.
   *
   * @throws FormatError if it is no UTF-8 or no JSON
   */
  static parse(text: string | Uint8Array, file: string): JsonField {
    try {
      const decoded = typeof text === "string" ? text : new TextDecoder("utf-8", { fatal: true }).decode(text);
      return new JsonField(JSON.parse(decoded), file);
    } catch (cause) {
      const what = cause instanceof SyntaxError ? `not JSON: ${cause.message}` : "not valid UTF-8";
      throw new FormatError({ file }, `${what}. Is the file complete?`, {}, { cause });
    }
  }

  /** Whether nothing stands there, or null. */
  get isNull(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The fields of an object, by key. Names like `__proto__` are names like any other. */
  entries(): Map<string, JsonField> {
    const fields = new Map<string, JsonField>();
    const object = this.#object();
    for (const key of Object.keys(object)) fields.set(key, this.#part(object, key));
    return fields;
  }

  /** The field of one key of an object, whether it is there or not. */
  field(key: string): JsonField {
    return this.#part(this.#object(), key);
  }

  /** The fields of an object that may have the given keys and no others. */
  object<Key extends string>(...keys: readonly Key[]): { readonly [K in Key]: JsonField } {
    const object = this.#object();
    for (const key of Object.keys(object)) {
      if ((keys as readonly string[]).includes(key)) continue;
      const nearest = key.length > 100 ? undefined : nearestName(key, keys);
      this.#part(object, key).refuse(
        `no such key${nearest === undefined ? "" : `, did you mean ${nearest}?`} (known: ${keys.join(", ")})`,
      );
    }
    return Object.fromEntries(keys.map((key) => [key, this.#part(object, key)])) as { readonly [K in Key]: JsonField };
  }

  #object(): { readonly [key: string]: unknown } {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.refuse("an object");
    return value as { readonly [key: string]: unknown };
  }

  #part(object: { readonly [key: string]: unknown }, key: string): JsonField {
    const part = Object.hasOwn(object, key) ? object[key] : undefined;
    return new JsonField(part, this.file, this.path === "" ? key : `${this.path}.${key}`);
  }

  /** The elements of an array. */
  array(): JsonField[] {
    if (!Array.isArray(this.value)) return this.refuse("an array");
    return this.value.map((value, i) => new JsonField(value, this.file, `${this.path}[${i}]`));
  }

  /** A text of well-formed Unicode with something in it. */
  text(): string {
    if (typeof this.value === "string" && this.value !== "" && !/\p{Cs}/u.test(this.value)) return this.value;
    return this.refuse("a text that is not empty and holds no lone surrogate");
  }

  /** true or false; `otherwise`, where that is given, if nothing or null stands there. */
  boolean(otherwise?: boolean): boolean {
    if (this.isNull && otherwise !== undefined) return otherwise;
    return typeof this.value === "boolean" ? this.value : this.refuse("true or false");
  }

  /** A number from `least` on; huge ones such as 1e30 stay what they are. */
  number(least: number): number {
    const { value } = this;
    return typeof value === "number" && value >= least ? value : this.refuse(`a number from ${least}`);
  }

  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.refuse(`a whole number from ${least} to ${most}`);
  }

  /** One of a few constants. */
  oneOf<const Values extends readonly (string | number | boolean | null | undefined)[]>(
    ...values: Values
  ): Values[number] {
    for (const value of values) if (value === this.value) return value;
    return this.refuse(values.map((value) => (value === undefined ? "nothing" : JSON.stringify(value))).join(" or "));
  }

  /** Throws the FormatError that says what was expected here. */
  refuse(expected: string): never {
    throw new FormatError(
      { file: this.file },
      `${clipped(this.path) || "the file"} is not supported. Got ${described(this.value)}, expected ${expected}.`,
      { key: this.path, expected },
    );
  }
}

/** A value for an error message: short whatever the file holds, and without walking into it. */
function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return `an object with the keys ${clipped(Object.keys(value).join(", "))}`;
  return clipped(JSON.stringify(value));
}

const clipped = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
