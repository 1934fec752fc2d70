import type { JsonField } from "@kindred/errors";
import { prependRanges } from "./grapheme-tables.ts";
import { codesIn } from "./unicode-data.ts";

/**
 * The character map of a sentencepiece model: which characters and sequences become what before a text is cut. Its `nmt_nfkc` is NFKC and
 * more: U+200B becomes a space, control characters vanish.
 */
export type CharacterMap = {
  /** The map as it stands in a tokenizer.json. */
  readonly base64: string;
  /**
   * What replaces the shortest entry that `codes[from, to)` begins with, in UTF-8; undefined where none does. An entry that ends within the
   * code points counts.
   */
  readonly replacement: (codes: readonly number[], from: number, to: number) => readonly number[] | undefined;
  /** Whether a replacement may reach across an ASCII space: an entry begins with one, or with what goes with the character behind it. */
  readonly crossesSpaces: boolean;
};

/**
 * Reads a `precompiled_charsmap`: in base64 the size of a Darts double array in bytes, the array, and replacements in UTF-8, each with a NUL
 * after it. An empty one maps nothing.
 *
 * A unit of the array has its label in the low 8 bits (bit 31 is set in a value, whose low 31 bits are where its replacement begins), bit 8
 * says that an entry ends there, the rest is the distance to its children, which are found by exclusive or.
 *
 * @throws FormatError if it is not that: no base64, cut short, a unit that points outside, a value that is not the beginning of a character
 * @see Yata, Darts-clone, `details.h`; google/sentencepiece, `normalizer.cc`
 */
export function readCharacterMap(field: JsonField): CharacterMap {
  const base64 = field.value === "" ? "" : field.text();
  if (base64 === "") return { base64, replacement: () => undefined, crossesSpaces: false };
  const bytes = bytesOf(base64) ?? field.refuse("base64");
  const view = new DataView(bytes.buffer);
  const size = bytes.length < 4 ? -1 : view.getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || size > bytes.length - 4)
    field.refuse(`the size of an array that fits into its ${bytes.length} bytes`);
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements =
    replacementsIn(bytes.subarray(4 + size)) ?? field.refuse("replacements in UTF-8 with NUL after each");
  checkUnits(units, replacements, field);

  // `!`: the check says that children and values lie inside.
  const replacement = (codes: readonly number[], from: number, to: number) => {
    let node = distance(units[0]!);
    for (let i = from; i < to; i++) {
      const code = codes[i]!;
      const length = utf8Length(code);
      for (let k = 0; k < length; k++) {
        const byte = utf8Byte(code, length, k);
        if (byte === 0) return undefined;
        node ^= byte;
        const unit = units[node]!;
        if ((unit & labelBits) >>> 0 !== byte) return undefined;
        node ^= distance(unit);
        if ((unit & endBit) !== 0) return replacements.get(units[node]! & 0x7fffffff);
      }
    }
    return undefined;
  };
  const begins = (code: number) => {
    let node = distance(units[0]!);
    for (let k = 0; k < utf8Length(code); k++) {
      const byte = utf8Byte(code, utf8Length(code), k);
      node ^= byte;
      if ((units[node]! & labelBits) >>> 0 !== byte) return false;
      node ^= distance(units[node]!);
    }
    return true;
  };
  return { base64, replacement, crossesSpaces: [0x20, ...prependingCodes()].some(begins) };
}

function prependingCodes(): number[] {
  return prependRanges.split(" ").flatMap((range) => {
    const { first, last } = codesIn(range);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

const endBit = 0x100;
const labelBits = 0x800000ff;
const distance = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** How many bytes a code point has in UTF-8. */
export function utf8Length(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

function utf8Byte(code: number, length: number, k: number): number {
  if (length === 1) return code;
  const bits = (code >>> (6 * (length - 1 - k))) & 0x3f;
  return k > 0 ? 0x80 | bits : ((0xf00 >>> length) & 0xff) | bits;
}

/** By where each begins; undefined if they are not UTF-8, or the last has no end. */
function replacementsIn(bytes: Uint8Array): Map<number, readonly number[]> | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const found = new Map<number, readonly number[]>();
  if (text === "") return found;
  if (!text.endsWith("\0")) return undefined;
  let at = 0;
  for (const replacement of text.slice(0, -1).split("\0")) {
    const codes = Array.from(replacement, (character) => character.codePointAt(0) ?? 0); // a character has one
    found.set(at, codes);
    at += codes.reduce((length, code) => length + utf8Length(code), 1);
  }
  return found;
}

/** Refuses an array in which a walk could leave it: what no walk reaches counts too, as every builder leaves it harmless. */
function checkUnits(units: Uint32Array, replacements: ReadonlyMap<number, unknown>, field: JsonField): void {
  for (const [i, unit] of units.entries()) {
    if (unit > 0x7fffffff) continue; // a value
    const children = i ^ distance(unit);
    // The children of a node lie within one block of 256; `!`: so the first of them lies inside.
    if ((children | 255) >= units.length) field.refuse(`an array whose unit ${i} has its children inside`);
    const value = units[children]! & 0x7fffffff;
    if ((unit & endBit) !== 0 && !replacements.has(value)) field.refuse(`an array whose unit ${i} has a replacement`);
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
