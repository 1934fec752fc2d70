import { FormatError, JsonField } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCharacterMap } from "./character-map.ts";
import { alignedText } from "./normalize-aligned.ts";
import { replaceByCharacterMap, untouchedBy } from "./replace-by-character-map.ts";

const encoder = new TextEncoder();

/** A map's bytes: a double array in which every node has a block of 256 units of its own, and the replacements. */
function mapBytes(rules: { readonly [from: string]: string }): Uint8Array {
  const keys = Object.keys(rules).map((key) => [...encoder.encode(key)]);
  const prefixes = new Set(keys.flatMap((key) => key.map((_, i) => key.slice(0, i + 1).join())));
  const blocks = new Map(["", ...prefixes].map((prefix, i) => [prefix, 256 * (i + 1)]));
  const units = new Uint32Array(256 * (blocks.size + 1));
  const ends = new Map(Object.entries(rules).map(([key, value]) => [encoder.encode(key).join(), value]));
  let text = "";
  for (const [prefix, block] of blocks) {
    const bytes = prefix === "" ? [] : prefix.split(",").map(Number);
    const last = bytes.pop() ?? 0;
    const at = prefix === "" ? 0 : (blocks.get(bytes.join()) ?? 0) ^ last;
    const end = ends.get(prefix);
    units[at] = ((at ^ block) << 10) | (end === undefined ? 0 : 0x100) | last;
    if (end === undefined) continue;
    units[block] = 0x80000000 + encoder.encode(text).length;
    text += `${end}\0`;
  }
  return Uint8Array.of(
    ...new Uint8Array(Uint32Array.of(4 * units.length).buffer),
    ...new Uint8Array(units.buffer),
    ...encoder.encode(text),
  );
}

const base64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const read = (value: unknown) =>
  readCharacterMap(new JsonField(value, "tokenizer.json", "normalizer.precompiled_charsmap"));
const rules = { ﬁ: "fi", "e\u0301": "é", "½": "1⁄2", "\u0001": "", "\r": " ", "\u{1d165}": "x", A: "aa" };
const map = read(base64(mapBytes(rules)));
const replaced = (text: string, by = map) => {
  const { codes, starts } = replaceByCharacterMap(alignedText(text), by);
  return [String.fromCodePoint(...codes), starts];
};

test.each<[text: string, expected: string, starts: number[]]>([
  ["aﬁ½b", "afi1⁄2b", [0, 1, 1, 2, 2, 2, 3]],
  ["e\u0301 e\u0302", "é e\u0302", [0, 2, 3, 4]],
  ["ﬁ\u0301x", "fix", [0, 1, 2]], // a short cluster becomes what its beginning maps to, each part aligned with one of its own
  ["ﬁ\u0301\u0302", "fi\u0301\u0302", [0, 0, 1, 2]], // 7 bytes: character by character
  ["a\u0001b", "ab", [0, 2]],
  ["\u0001b", "b", [1]],
  ["½\u0001b", "1⁄2b", [0, 0, 1, 2]], // what is dropped goes to the part beyond its cluster
  ["\r\nx", " x", [0, 2]],
  ["\u{1d165}\u0301", "x\u0301", [0, 2]],
  ["\u0000A", "\u0000aa", [0, 1, 1]],
  ["\ud800", "\ufffd", [0]],
])("%j becomes %j", (text, expected, starts) => {
  expect(replaced(text)).toEqual([expected, starts]);
});

test("replaces every entry by itself, and nothing else", () => {
  const character = fc.constantFrom(..."aeﬁ½Aλ中\u0001\u0301", "\u{1d165}", "😀");
  const maps = fc.dictionary(
    fc.string({ unit: character, minLength: 1, maxLength: 2 }),
    fc.string({ unit: character, maxLength: 3 }),
  );
  const law = (bytesOf: typeof mapBytes) =>
    fc.assert(
      fc.property(maps, fc.string({ unit: character, minLength: 1, maxLength: 3 }), (entries, text) => {
        const codes = alignedText(text).codes;
        const shortest = codes
          .map((_, i) => String.fromCodePoint(...codes.slice(0, i + 1)))
          .find((key) => Object.hasOwn(entries, key));
        const found = read(base64(bytesOf(entries))).replacement(codes, 0, codes.length);
        expect(found === undefined ? undefined : String.fromCodePoint(...found)).toBe(
          shortest === undefined ? undefined : entries[shortest],
        );
      }),
    );
  law(mapBytes);
  // The mutant's replacements have a letter more.
  expectMutantToFail(() =>
    law((entries) => mapBytes(Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, `${value}a`])))),
  );
});

test("an empty map maps nothing, and a map says whether it reaches across a space", () => {
  expect(replaced("ﬁ", read(""))).toEqual(["ﬁ", [0]]);
  expect(map.crossesSpaces).toBe(false);
  expect(read(base64(mapBytes({ " \u0301": "´" }))).crossesSpaces).toBe(true);
  expect(read(base64(mapBytes({ "\u0600": "" }))).crossesSpaces).toBe(true);
});

test("a text that is passed over would have stayed as it is", () => {
  const unit = fc.constantFrom(..."aAбé中각क𝔸", "\u0301", "\u200d", "ﬁ", "\ud800", "\r\n", "\u0001");
  const law = (isUntouched: (text: string) => boolean) =>
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        if (isUntouched(text)) expect(replaced(text)[0]).toBe(text);
      }),
    );
  law(untouchedBy(map));
  expect(untouchedBy(map)("aбé中각क𝔸")).toBe(true);
  expectMutantToFail(() => law((text) => ![..."ﬁA\u0001"].some((one) => text.includes(one)))); // knows no clusters
});

test.each([
  ["no text", 3, "a text that is not empty"],
  ["no base64", "§", "base64"],
  ["cut in its head", base64(mapBytes(rules).slice(0, 3)), "the size of an array that fits into its 3 bytes"],
  ["cut in its array", base64(mapBytes(rules).slice(0, 999)), "the size of an array that fits into its 999 bytes"],
  ["cut in its replacements", base64(mapBytes(rules).slice(0, -1)), "replacements in UTF-8 with NUL after each"],
  [
    "children outside",
    base64(Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0)),
    "an array whose unit 0 has its children inside",
  ],
])("refuses what is %s", (_, value, expected) => {
  expect(() => read(value)).toThrow(FormatError);
  expect(() => read(value)).toThrow(expected);
});

test("refuses a value that is the beginning of no replacement", () => {
  const bytes = mapBytes({ a: "xyz" });
  bytes[4 + 4 * 512] = 1;
  expect(() => read(base64(bytes))).toThrow("has a replacement");
});

test("whatever bytes are changed, a map is refused or reads any text to its end", () => {
  const bytes = mapBytes({ A: "aa", "½": "" });
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.string({ unit: "binary" }), (changes, text) => {
      const changed = bytes.slice();
      for (const [at, byte] of changes) changed[at] = byte;
      try {
        replaced(`${text}½A\r\n`, read(base64(changed)));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

test("an array that leads back to itself is read to the end of a text", () => {
  const units = Uint32Array.from({ length: 256 }, (_, label) => label); // every unit's children are its own block
  const bytes = Uint8Array.of(...new Uint8Array(Uint32Array.of(1024).buffer), ...new Uint8Array(units.buffer), 0);
  expect(replaced("abcabc", read(base64(bytes)))).toEqual(["abcabc", [0, 1, 2, 3, 4, 5]]);
});
