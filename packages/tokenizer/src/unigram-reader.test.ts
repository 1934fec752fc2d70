import fc from "fast-check";
import { expect, test } from "vitest";
import { Tokenizer, tokenizerFromJson } from "./index.ts";
import { createNormalizer } from "./normalizer.ts";
import { PieceList } from "./piece-list.ts";
import { createPieceReader } from "./piece-reader.ts";
import { createUnigram } from "./unigram.ts";
import { createMarkWord, createUnigramReader, hasEqualWords } from "./unigram-reader.ts";

const vocab = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁a", "ab", "b", "▁b", ".", "é", "'", "c'", "▁▁", "Q."].map(
  (piece, i): [string, number] => [piece, i < 4 ? 0 : -2 - (i % 5)],
);
const json = (changes: object) =>
  JSON.stringify({
    version: "1.0",
    added_tokens: [
      { id: 0, content: "<s>", special: true },
      { id: 1, content: "<pad>", special: true },
      { id: 2, content: "</s>", special: true },
    ],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Metaspace", replacement: "▁", prepend_scheme: "always" }],
    },
    post_processor: { type: "RobertaProcessing", sep: ["</s>", 2], cls: ["<s>", 0] },
    model: { type: "Unigram", unk_id: 3, vocab },
    ...changes,
  });

test("a word of ASCII is looked up, and has the pieces that it has when it is read the long way", () => {
  const { definition } = tokenizerFromJson(json({}));
  const { model } = definition;
  if (model.kind !== "Unigram") expect.fail("another model");
  const fast = new Tokenizer(definition);
  const normalize = createNormalizer([]);
  const cut = createMarkWord(createUnigram(definition.vocabulary, model), model);
  const general = createPieceReader(definition.addedTokens, normalize, createUnigramReader(cut, model));
  const unit = fc.constantFrom(..."abcQ.'<s>/é▁ \t\u00a0", "😀", "\ud800", "<s>", "aaaaaaaaaaaaaaaaaaaa");
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const pieces = new PieceList();
      general(text, pieces);
      const { ids, offsets } = fast.encode(text);
      expect([...ids.slice(1, -1)]).toEqual([...pieces.ids.slice(0, pieces.count)]);
      expect([...offsets.slice(2, -2)]).toEqual([...pieces.offsets.slice(0, 2 * pieces.count)]);
    }),
    { numRuns: 500 },
  );
});

test("words are not equal where the first is marked unlike others, and where the mark may be cut into bytes", () => {
  const metaspace = { replacement: "▁", prepend: "always", split: true } as const;
  expect(hasEqualWords({ splitsWhitespace: true, metaspace }, ["▁"])).toBe(true);
  expect(hasEqualWords({ splitsWhitespace: true, metaspace }, ["a"])).toBe(false);
  expect(hasEqualWords({ splitsWhitespace: true, metaspace: { ...metaspace, prepend: "first" } }, ["▁"])).toBe(false);
  expect(hasEqualWords({ splitsWhitespace: false, metaspace }, ["▁"])).toBe(false);
  expect(hasEqualWords({ splitsWhitespace: true, metaspace: null }, [])).toBe(true);
});

test("a text that is cut to a length loses its end", () => {
  const tokenizer = tokenizerFromJson(json({}));
  expect(tokenizer.encode("ab ab ab", { maxLength: 4 })).toMatchObject({ truncated: true });
  expect(tokenizer.encode("ab ab ab", { maxLength: 4 }).ids.length).toBe(4);
});

test.each([
  [{ model: { type: "Unigram", unk_id: null, vocab } }, "model.unk_id is not supported"],
  [{ model: { type: "Unigram", unk_id: 99, vocab } }, "model.unk_id"],
  [{ model: { type: "Unigram", unk_id: 0, vocab: [["a"]] } }, "[token, score]"],
  [{ model: { type: "Unigram", unk_id: 0, vocab: [["a", "b"]] } }, "a number"],
  [{ model: { type: "Unigram", unk_id: 0, vocab: [] } }, "at least one token"],
  [{ pre_tokenizer: { type: "Metaspace", replacement: "▁▁" } }, "one character"],
  [{ pre_tokenizer: { type: "Metaspace", replacement: "▁", add_prefix_space: false } }, "prepend_scheme always"],
  [{ pre_tokenizer: { type: "Metaspace", replacement: "▁", str_rep: "_" } }, "pre_tokenizer.str_rep"],
  [{ pre_tokenizer: { type: "ByteLevel" } }, '"Metaspace"'],
  [
    { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Metaspace" }, { type: "WhitespaceSplit" }] } },
    "one after the other",
  ],
  [{ normalizer: { type: "NFKC" } }, '"NFKC"'],
  [{ normalizer: { type: "Replace", pattern: { Regex: "a+" }, content: "" } }, '" {2,}" or "\\\\s+"'],
  [{ normalizer: { type: "Replace", pattern: { String: "" }, content: "" } }, "normalizer.pattern.String"],
])("refuses %j", (changes, expected) => {
  expect(() => tokenizerFromJson(json(changes))).toThrow(expected);
});
