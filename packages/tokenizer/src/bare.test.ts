import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { tokenizerFromJson, tokenizerFromVocab } from "./index.ts";

// Texts without special tokens around them, for static embeddings.
const json = tokenizerFromVocab("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\n").toJson();
const bare = tokenizerFromJson(json, { bare: { dropsUnknown: false } });
const known = tokenizerFromJson(json, { bare: { dropsUnknown: true } });

test("a text is its pieces alone", () => {
  expect(bare.encode("Hello € worlds")).toEqual({
    ids: Int32Array.of(5, 1, 6, 7),
    offsets: Int32Array.of(0, 5, 6, 7, 8, 13, 13, 14),
    truncated: false,
  });
  expect(known.encode("Hello € worlds")).toEqual({
    ids: Int32Array.of(5, 6, 7),
    offsets: Int32Array.of(0, 5, 8, 13, 13, 14),
    truncated: false,
  });
  expect(bare.encodeBatch(["", "hello", "€"])).toEqual({
    ...{ ids: Int32Array.of(5, 1), starts: Int32Array.of(0, 0, 1, 2) },
    truncated: [],
  });
});

test("is cut at either end, after unknown pieces are left out", () => {
  expect(known.encode("€ hello worlds €", { maxLength: 3 })).toMatchObject({
    ids: Int32Array.of(5, 6, 7),
    truncated: false,
  });
  expect(known.encode("€ hello worlds", { maxLength: 2 })).toMatchObject({ ids: Int32Array.of(5, 6), truncated: true });
  const left = { maxLength: 2, truncationSide: "left" } as const;
  expect(bare.encode("hello worlds", left)).toMatchObject({ ids: Int32Array.of(6, 7), truncated: true });
});

test("two texts have nothing to stand between them, and what is written has no frame", () => {
  expect(() => bare.encodePair("hello", "world")).toThrow(ConfigError);
  const { post_processor } = JSON.parse(bare.toJson());
  expect(post_processor.single).toEqual([{ Sequence: { id: "A", type_id: 0 } }]);
  expect(tokenizerFromJson(bare.toJson(), { bare: { dropsUnknown: false } }).encode("hello").ids).toEqual(
    Int32Array.of(5),
  );
});
