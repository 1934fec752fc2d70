import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteReplyPairs } from "../index.ts";

const quote = "Is it going to rain?";
const reply = "No, not before the evening.";

test.each([
  ["answers below a quote", `> ${quote}\n\n${reply}`],
  ["answers without a blank line", `> ${quote}\n${reply}`],
  ["marks without a space", `>Is it going\n>to rain?\n${reply}`],
  ["a paragraph before in the quote", `> Something else entirely, first.\n>\n> ${quote}\n\n${reply}`],
  ["a deeper quote", `> > Tell me about the weather.\n> ${quote}\n\n${reply}`],
  ["a deeper quote between two", `> Something else entirely, first.\n>> deeper\n> ${quote}\n\n${reply}`],
  ["an attribution", `On Thu, Aug 22, Ann <ann@example.org> wrote:\n\n> ${quote}\n\n${reply}`],
  ["addresses", `> Is it <http://a.b/c> going to rain?\n\nNo, not bob@example.org before the evening.`],
  ["more paragraphs of reply", `> ${quote}\n\n${reply}\n\nAnd one more paragraph here.`],
  ["a signature", `> ${quote}\n\n${reply}\n-- \n> quoted in the signature now\nThis is never a reply`],
  ["a list's footer", `> ${quote}\n\n${reply}\n____________\n> quoted in the footer now\nThis is never a reply`],
])("finds the pair in %s", (_, text) => {
  expect(quoteReplyPairs(text)).toEqual([{ quote, reply }]);
});

test("finds a pair for each quoted run", () => {
  const text = `> ${quote}\n${reply}\n\n> And will it snow, perhaps?\nIn January it may well.`;
  expect(quoteReplyPairs(text)).toHaveLength(2);
});

test.each([
  ["no quote", reply],
  ["a quote alone", `> ${quote}`],
  ["a reply of three words", `> ${quote}\n\nNot at all.`],
  ["121 words", `> ${quote}\n\n${"word ".repeat(121)}`],
  ["a table", `> ${quote}\n\n0.1 0.2 0.3 0.4 0.5 sum`],
  ["deep quotes only", `> > ${quote}\n\n${reply}`],
])("finds nothing in %s", (_, text) => {
  expect(quoteReplyPairs(text)).toEqual([]);
});

test("every pair is prose without addresses, whatever the text", () => {
  const line = fc.tuple(
    fc.constantFrom("", "> ", ">> ", ">", " > "),
    fc.array(fc.constantFrom("word", "two", "a@b.c", "http://x.y/z", "1234", "wrote:", "")),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const { quote, reply } of quoteReplyPairs(
        lines.map(([marks, words]) => marks + words.join(" ")).join("\n"),
      )) {
        for (const text of [quote, reply]) expect(text).not.toMatch(/@|http|\s\s|^\s|\s$/);
      }
    }),
  );
});
