import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import { expect, test } from "vitest";
import { type OtherTables, type UnicodeRanges, unicodeTables } from "../tools/generate-unicode-tables.ts";
import { codePointTraits, Trait } from "./code-point-traits.ts";
import { canonicalDecomposition, combiningClass } from "./unicode-data.ts";

const ranges = ["golden", "tokenizer", "unicode-ranges.json"];
const codePoints = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);

test.skipIf(!sharedExists(...ranges))(
  "the committed tables are what the program makes of the Rust tokenizers' behaviour",
  () => {
    const beside = (name: string) => fileURLToPath(new URL(`../tools/${name}`, import.meta.url));
    const made = unicodeTables(readJson<UnicodeRanges>(sharedPath(...ranges)), {
      combining: readJson<OtherTables["combining"]>(beside("combining-classes.json")),
      kinds: readJson<OtherTables["kinds"]>(beside("word-kinds.json")),
      compositions: readJson<OtherTables["compositions"]>(beside("composition-exclusions.json")),
    });
    expect(readFileSync(new URL("unicode-tables.ts", import.meta.url), "utf8")).toBe(made);
  },
);

test("code points stand where the recipe says, on both sides of each border", () => {
  const has = (trait: number) => (code: number) => ((codePointTraits()[code] ?? 0) & trait) !== 0;
  const members = (trait: number, codes: number[]) => codes.filter(has(trait));
  expect(members(Trait.removed, [0x08, 0x09, 0x0b, 0x0d, 0x85, 0x200b, 0x378, 0xfffd, 0x10fffd, 0x10fffe])).toEqual([
    0x08, 0x0b, 0x85, 0x200b, 0xfffd, 0x10fffd,
  ]);
  expect(members(Trait.space, [0x09, 0x0a, 0x0b, 0x20, 0x85, 0xa0, 0x200b, 0x3000])).toEqual([
    0x09, 0x0a, 0x20, 0xa0, 0x3000,
  ]);
  expect(members(Trait.chinese, [0x33ff, 0x3400, 0x9fff, 0xa000, 0x2b820, 0x2b91f, 0x2b920])).toEqual([
    0x3400, 0x9fff, 0x2b920,
  ]);
  expect(members(Trait.punctuation, [0x24, 0x5e, 0x60, 0x166d, 0x20ac, 0x2e43, 0x61d, 0x111c9])).toEqual([
    0x24, 0x5e, 0x60, 0x166d, 0x111c9,
  ]);
  expect(codePoints.filter(has(Trait.punctuation)).length).toBe(726);
});

// Decompositions and classes of assigned code points never change (Unicode's stability policy), so that any newer engine must
// agree with what is in the tables, though it knows more.
test("what decomposes here, decomposes to the same on this machine", () => {
  const ours = codePoints.filter((code) => canonicalDecomposition(code) !== undefined);
  expect(ours.length).toBe(2060 + 11_172);
  for (const code of ours) {
    const text = String.fromCodePoint(...(canonicalDecomposition(code) ?? []));
    if (text !== String.fromCodePoint(code).normalize("NFD")) expect.fail(`U+${code.toString(16)}`);
  }
});

test("marks sort here as on this machine", () => {
  const representatives = new Map<number, string>();
  for (const code of codePoints) {
    if (combiningClass(code) > 0) representatives.set(combiningClass(code), String.fromCodePoint(code));
  }
  for (const code of codePoints) {
    if (combiningClass(code) === 0) continue;
    const mark = String.fromCodePoint(code);
    for (const [value, other] of representatives) {
      const swaps = combiningClass(code) > value;
      if (`a${mark}${other}`.normalize("NFD") !== (swaps ? `a${other}${mark}` : `a${mark}${other}`)) {
        expect.fail(`U+${code.toString(16)} beside class ${value}`);
      }
    }
  }
});
