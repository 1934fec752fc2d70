import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLevelJson } from "../test-support/byte-level-tokenizer.ts";
import { byteLetters } from "./byte-letters.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerFromJson } from "./tokenizer-from-json.ts";

const tokenizer = (prefixSpace = false, trimOffsets = true) =>
  tokenizerFromJson(
    byteLevelJson({
      pre_tokenizer: { add_prefix_space: prefixSpace },
      post_processor: { trim_offsets: trimOffsets, add_prefix_space: prefixSpace },
    }),
  );

/** Each piece but the frame, with its place. */
const pieces = (of: Tokenizer, text: string) => {
  const { ids, offsets } = of.encode(text);
  return Array.from(ids.subarray(1, -1), (id, i) => [of.tokenOf(id), ...offsets.subarray(2 * i + 2, 2 * i + 4)]);
};

test("a space belongs to the word behind it, and is no part of its place", () => {
  expect(pieces(tokenizer(), "hello hello")).toEqual([
    ["hello", 0, 5],
    ["Ġhello", 6, 11],
  ]);
  expect(pieces(tokenizer(false, false), "hello hello")).toEqual([
    ["hello", 0, 5],
    ["Ġhello", 5, 11],
  ]);
  expect(pieces(tokenizer(), "a   é")).toEqual([
    ["a", 0, 1],
    ["ĠĠ", 3, 3],
    ["Ġ", 4, 4],
    ["Ã©", 4, 5],
  ]);
});

test("a prefix space has no place", () => {
  expect(pieces(tokenizer(true), "hello")).toEqual([["Ġhello", 0, 5]]);
  expect(pieces(tokenizer(true), " hello")).toEqual([["Ġhello", 1, 6]]); // Rust: 0, as it keeps the first space that it meets
  expect(pieces(tokenizer(true), "x")).toEqual([
    ["Ġ", 0, 0],
    ["x", 0, 1],
  ]);
  expect(pieces(tokenizer(true, false), "😀").slice(0, 2)).toEqual([
    ["Ġ", 0, 2],
    ["ð", 0, 2],
  ]);
  expect(pieces(tokenizer(true), "\tx")).toEqual([
    ["Ġ", 0, 0],
    ["ĉ", 0, 1],
    ["x", 1, 2],
  ]);
});

test("what follows an added token has a prefix space of its own", () => {
  expect(pieces(tokenizer(true), "hello <mask>hello")).toEqual([
    ["Ġhello", 0, 5],
    ["<mask>", 6, 12],
    ["Ġhello", 12, 17],
  ]);
});

test("two texts stand between the frames of RoBERTa, all of type 0", () => {
  const { ids, typeIds, secondStart } = tokenizer().encodePair("hello", "hello");
  const hello = tokenizer().idOf("hello");
  expect([...ids]).toEqual([0, hello, 2, 2, hello, 2]);
  expect([...typeIds]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(secondStart).toBe(4);
});

const bytesOfLetters = new Map(byteLetters().map((letter, byte) => [letter, byte]));
const unit = fc.oneof(
  fc.constantFrom("hello", " ", "  ", "'t", "12", "é", "\n", "😀", "\u00a0", "x".repeat(20)),
  fc.nat(0xffff).map((code) => String.fromCharCode(code)), // lone surrogates included
);
const text = fc.string({ unit, maxLength: 20 }).filter((text) => !/<(s|pad|\/s|unk|mask)>/.test(text));

test("the pieces of any text spell its bytes, and nothing between two of them is lost but spaces", () => {
  const law = (of: Tokenizer, isTrimmed: boolean) =>
    fc.assert(
      fc.property(text, (text) => {
        const cut = pieces(of, text);
        const bytes = cut.flatMap(([token]) => Array.from(String(token), (letter) => bytesOfLetters.get(letter)));
        expect(bytes).toEqual([...new TextEncoder().encode(text)]);
        let covered = 0;
        for (const [, start, end] of cut) {
          expect(text.slice(covered, Number(start))).toMatch(isTrimmed ? /^ *$/ : /^$/);
          covered = Number(end);
        }
        expect(text.slice(covered)).toMatch(isTrimmed ? /^ *$/ : /^$/);
      }),
    );
  law(tokenizer(), true);
  law(tokenizer(false, false), false);
  expectMutantToFail(() => law(tokenizer(true), true));
  expectMutantToFail(() => law(tokenizer(), false));
});

test("no result depends on what was read before, and each text of a batch is read as by itself", () => {
  const used = tokenizer();
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
      const { ids, starts } = used.encodeBatch(texts);
      const fresh = tokenizer();
      for (const [i, each] of texts.entries()) {
        const { ids: own, offsets } = fresh.encode(each);
        expect([...ids.subarray(starts[i], starts[i + 1])]).toEqual([...own]);
        expect([...used.encode(each).offsets]).toEqual([...offsets]);
      }
    }),
    { numRuns: 30 },
  );
});

test("a text is cut at either end, whatever its pieces", () => {
  const of = tokenizer();
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 12 }), fc.constantFrom("left", "right"), (text, maxLength, side) => {
      const whole = of.encode(text).ids.slice(1, -1);
      const { ids, truncated } = of.encode(text, { maxLength, truncationSide: side });
      const kept =
        side === "right" ? whole.slice(0, maxLength - 2) : whole.slice(Math.max(whole.length - maxLength + 2, 0));
      expect([...ids]).toEqual([0, ...kept, 2]);
      expect(truncated).toBe(kept.length < whole.length);
    }),
  );
});
