// Makes src/unicode-tables.ts from what the Rust tokenizers do with every code point.
//
// usage (Node 24): node packages/tokenizer/tools/generate-unicode-tables.ts path/to/unicode-ranges.json
//
// unicode-ranges.json was found by running that library's normalizer and pre-tokenizer on all code points;
// The other files that it reads lie beside it, each made by the program probe-….py of its name.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

type Range = readonly [first: number, last: number];

/** The parts of unicode-ranges.json that the tables are made of. */
export type UnicodeRanges = {
  readonly removed: readonly Range[];
  readonly space: readonly Range[];
  readonly cjk: readonly Range[];
  readonly markStripped: readonly Range[];
  readonly punctuation: readonly Range[];
  readonly whitespaceInPreTokenizer: readonly Range[];
  readonly lowercaseRuns: readonly (readonly [first: number, last: number, step: number, delta: number])[];
  readonly lowercaseMulti: { readonly [code: string]: readonly number[] };
  readonly nfd: { readonly [code: string]: readonly number[] };
};

/** The parts of combining-classes.json that the tables are made of. */
export type CombiningClasses = { readonly classes: readonly (readonly [first: number, last: number, value: number])[] };

/** The parts of word-kinds.json that the tables are made of. */
export type WordKinds = { readonly letters: readonly Range[]; readonly numbers: readonly Range[] };

/** The parts of composition-exclusions.json that the tables are made of. */
export type CompositionExclusions = { readonly excluded: readonly Range[] };

/** What is read beside unicode-ranges.json. */
export type OtherTables = {
  readonly combining: CombiningClasses;
  readonly kinds: WordKinds;
  readonly compositions: CompositionExclusions;
};

/** The text of src/unicode-tables.ts. */
export function unicodeTables(ranges: UnicodeRanges, { combining, kinds, compositions }: OtherTables): string {
  return [
    "// Made by tools/generate-unicode-tables.ts from the behaviour of the Rust tokenizers 0.23.3. Do not edit: run that program.",
    "// All numbers are hexadecimal code points, unless said.",
    table("removedRanges", "What cleaning drops: `first-last` or a single code point.", spans(ranges.removed)),
    table("spaceRanges", "What cleaning turns into U+0020.", spans(ranges.space)),
    table("chineseRanges", "What gets a space on both sides.", spans(ranges.cjk)),
    table("markRanges", "Nonspacing marks, dropped after decomposition.", spans(ranges.markStripped)),
    table("punctuationRanges", "What is a word of its own.", spans(ranges.punctuation)),
    table("whitespaceRanges", "What ends a word and is dropped.", spans(ranges.whitespaceInPreTokenizer)),
    table("letterRanges", "The letters of byte-level words.", spans(kinds.letters)),
    table("numberRanges", "The numbers of byte-level words.", spans(kinds.numbers)),
    table(
      "combiningClassRanges",
      "Canonical combining classes other than 0: `first-last:class`, the class in hexadecimal too.",
      combining.classes.map(([first, last, value]) => `${span(first, last)}:${hex(value)}`).join(" "),
    ),
    table(
      "lowercaseRuns",
      "Lower case by a constant distance: `first-last:step:distance`.",
      ranges.lowercaseRuns.map(([first, last, ...rest]) => [span(first, last), ...rest.map(hex)].join(":")).join(" "),
    ),
    table("lowercaseSequences", "Lower case of several code points: `code=a+b`.", mappings(ranges.lowercaseMulti)),
    table(
      "decompositions",
      "Full canonical decompositions but Hangul's: `code=a+b`; without a code: the one after the last.",
      mappings(ranges.nfd),
    ),
    table(
      "compositionExclusions",
      "What has a canonical decomposition and is not composed of it again.",
      spans(compositions.excluded),
    ),
    "",
  ].join("\n");
}

function table(name: string, about: string, data: string): string {
  const declaration = `\n/** ${about} */\nexport const ${name} =`;
  const oneLine = `export const ${name} = "${data}";`;
  return oneLine.length <= 120 ? `${declaration} "${data}";` : `${declaration}\n  "${data}";`;
}

const hex = (value: number) => value.toString(16);
const span = (first: number, last: number) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`);
const spans = (list: readonly Range[]) => list.map(([first, last]) => span(first, last)).join(" ");

function mappings(map: { readonly [code: string]: readonly number[] }): string {
  let previous = -1;
  return Object.entries(map)
    .map(([key, parts]) => {
      const code = Number(key);
      const label = code === previous + 1 ? "" : hex(code);
      previous = code;
      return `${label}=${parts.map(hex).join("+")}`;
    })
    .join(" ");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const json = (path: string | URL) => JSON.parse(readFileSync(path, "utf8"));
  const source = process.argv[2];
  if (source === undefined) throw new Error("usage: node generate-unicode-tables.ts path/to/unicode-ranges.json");
  const beside = (name: string) => json(new URL(name, import.meta.url));
  const text = unicodeTables(json(source), {
    combining: beside("combining-classes.json"),
    kinds: beside("word-kinds.json"),
    compositions: beside("composition-exclusions.json"),
  });
  writeFileSync(new URL("../src/unicode-tables.ts", import.meta.url), text);
}
