import { FormatError, nearestName } from "@kindred/errors";

/** One value of a JSON file that knows its place, so that a refusal names file and key. */
export class JsonField {
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

  /** The fields of an object, by key. Names like `__proto__` are names like any other. */
  entries(): Map<string, JsonField> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) this.refuse("an object");
    const prefix = this.path === "" ? "" : `${this.path}.`;
    return new Map(
      Object.entries(this.value as object).map(([key, value]) => [
        key,
        new JsonField(value, this.file, `${prefix}${key}`),
      ]),
    );
  }

  /** The fields of an object that may have the given keys and no others; a key that is absent reads as null. */
  object<Key extends string>(...keys: readonly Key[]): { readonly [K in Key]: JsonField } {
    const entries = this.entries();
    for (const [key, field] of entries) {
      if ((keys as readonly string[]).includes(key)) continue;
      const nearest = key.length > 100 ? undefined : nearestName(key, keys);
      field.refuse(
        `no such key${nearest === undefined ? "" : `, did you mean ${nearest}?`} (known: ${keys.join(", ")})`,
      );
    }
    const prefix = this.path === "" ? "" : `${this.path}.`;
    const field = (key: Key) => entries.get(key) ?? new JsonField(null, this.file, `${prefix}${key}`);
    return Object.fromEntries(keys.map((key) => [key, field(key)])) as { readonly [K in Key]: JsonField };
  }

  /** The elements of an array. */
  array(): JsonField[] {
    if (!Array.isArray(this.value)) this.refuse("an array");
    return (this.value as unknown[]).map((value, i) => new JsonField(value, this.file, `${this.path}[${i}]`));
  }

  /** A text of well-formed Unicode with something in it. */
  text(): string {
    if (typeof this.value !== "string" || this.value === "" || /\p{Cs}/u.test(this.value)) {
      this.refuse("a text that is not empty and holds no lone surrogate");
    }
    return this.value as string;
  }

  /** true or false; null is `otherwise`, where that is given. */
  boolean(otherwise?: boolean): boolean {
    if (this.value === null && otherwise !== undefined) return otherwise;
    if (typeof this.value !== "boolean") this.refuse("true or false");
    return this.value as boolean;
  }

  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number {
    const value = this.value;
    if (!(typeof value === "number" && Number.isInteger(value) && value >= least && value <= most)) {
      this.refuse(`a whole number from ${least} to ${most}`);
    }
    return value as number;
  }

  /** One of a few constants. */
  oneOf<Value extends string | boolean | null>(...values: readonly Value[]): Value {
    const found = values.find((value) => value === this.value);
    if (found === undefined) this.refuse(values.map((value) => JSON.stringify(value)).join(" or "));
    return found as Value;
  }

  /** Throws the FormatError that says what was expected here. */
  refuse(expected: string): never {
    const key = clipped(this.path) || "the file";
    throw new FormatError(
      { file: this.file },
      `tokenizerFromJson: ${key} is not supported. Got ${described(this.value)}, expected ${expected}.`,
      { key: this.path, expected },
    );
  }
}

/** A value for an error message: short whatever the file holds, and without walking into it. */
function described(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null)
    return `an object with the keys ${clipped(Object.keys(value).join(", "))}`;
  return clipped(JSON.stringify(value));
}

const clipped = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
