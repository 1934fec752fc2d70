import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSynset } from "../index.ts";

const head = "00000001 00 n 01 word 0 000 |";

test("reads the count of lemmas as hexadecimal", () => {
  const words = Array.from({ length: 16 }, (_, i) => `w${i} 0`).join(" ");
  expect(parseSynset(`00000001 00 n 10 ${words} 000 | sixteen`)?.lemmas).toHaveLength(16);
});

test("drops an adjective's marker and reads underscores as spaces", () => {
  expect(parseSynset("00000001 00 s 03 in_a_way(p) 0 big(a) 0 galore(ip) 1 000 | d")?.lemmas).toEqual([
    "in a way",
    "big",
    "galore",
  ]);
});

test.each([
  ["a definition alone", "act of doing", "act of doing", []],
  [
    "a semicolon within the definition",
    'this; or that; "an example"; "another"',
    "this; or that",
    ["an example", "another"],
  ],
  [
    "a colon before the first quote",
    'assail on all sides: "beset by leopards"',
    "assail on all sides",
    ["beset by leopards"],
  ],
  [
    "a quote within the definition",
    'promise as in "carrot and stick"; "used the carrot"',
    'promise as in "carrot and stick"',
    ["carrot and stick", "used the carrot"],
  ],
  ["a second bar", 'a | b; "c|d"', "a | b", ["c|d"]],
])("takes apart a gloss with %s", (_, gloss, definition, examples) => {
  expect(parseSynset(`${head} ${gloss}  `)).toMatchObject({ definition, examples });
});

test("leaves out the licence and what is no entry", () => {
  for (const line of [
    "  1 This software and database",
    "",
    "00000001 00 n 01 word 0",
    "0001 00 n 01 word 0 000 | d",
    "00000001 00 n 05 word 0 | d",
  ]) {
    expect(parseSynset(line)).toBeUndefined();
  }
});

test("reads back any definition and examples without quotes", () => {
  const text = fc.stringMatching(/^[a-z|;:,]([a-z |;:,]*[a-z|])?$/).filter((words) => !words.includes('; "'));
  fc.assert(
    fc.property(text, fc.array(text), (definition, examples) => {
      const gloss = [definition, ...examples.map((example) => `"${example}"`)].join("; ");
      expect(parseSynset(`${head} ${gloss}`)).toMatchObject({ definition, examples });
    }),
  );
});
