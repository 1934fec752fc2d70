import { ConfigError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ToyChanges, toyFiles } from "../test-support/toy-model.ts";
import { quantizationRanges, quantizeEmbeddings } from "@kindred/vectors";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

// Vectors of the same tokens in batches of other sizes differ by rounding, below 1e-6; another token moves them by some 0.1.
const tolerance = { tolerance: 1e-6 };
const texts = ["the cat", "", "a dog sat on the mat. cats", "mat"];
const toy = async (changes: ToyChanges = {}) => sentenceEncoderFromFiles(await toyFiles(changes));

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await toy({ prompts: { query: "the dog ", extra: "on " } });
});
afterAll(() => encoder.close());
const plain = async (inputs: string[]) => (await encoder.encode(inputs)).embeddings;

describe("prompts", () => {
  test("stand in front of every text, by name or as they are; a text counts more than a name", async () => {
    const prompted = await plain(texts.map((text) => `on ${text}`));
    expect((await encoder.encode(texts, { promptName: "extra" })).embeddings).toEqual(prompted);
    expect((await encoder.encode(texts, { prompt: "on " })).embeddings).toEqual(prompted);
    expect((await encoder.encode(texts, { prompt: "on ", promptName: "nowhere" })).embeddings).toEqual(prompted);
    expectMutantToFail(() => expect(prompted).toBeCloseToArray(encoded, tolerance));
  });
  let encoded: Float32Array;
  beforeAll(async () => {
    encoded = await plain(texts);
  });

  test("queries and documents have theirs, unless another one is asked for", async () => {
    expect((await encoder.encodeQuery(texts)).embeddings).toEqual(await plain(texts.map((text) => `the dog ${text}`)));
    expect((await encoder.encodeDocument(texts)).embeddings).toEqual(encoded);
    expect((await encoder.encodeQuery(texts, { prompt: "" })).embeddings).toEqual(encoded);
    expect((await encoder.encodeDocument(texts, { promptName: "query" })).embeddings).toEqual(
      (await encoder.encodeQuery(texts)).embeddings,
    );
  });

  test("a default prompt is for encode alone", async () => {
    await using other = await toy({ prompts: { extra: "on " }, defaultPromptName: "extra" });
    expect((await other.encode(texts)).embeddings).toEqual(await plain(texts.map((text) => `on ${text}`)));
    expect((await other.encodeQuery(texts)).embeddings).toEqual(encoded);
    expect((await other.encodeDocument(texts)).embeddings).toEqual(encoded);
  });

  test("are left out of pooling if the model says so; a text cut within its prompt gives zeros", async () => {
    await using other = await toy({
      pooling: { modes: ["cls", "mean"], includePrompt: false },
      after: [],
    });
    const { embeddings, dimension } = await other.encode("cat sat", { prompt: "the dog " });
    const { tokenEmbeddings, tokenIds } = await other.encode("cat sat", {
      prompt: "the dog ",
      outputValue: "tokenEmbeddings",
    });
    const [[states = new Float32Array()], [ids]] = [tokenEmbeddings, tokenIds];
    const kept = states.subarray(3 * 12); // <s> the dog | cat sat </s>
    const mean = Array.from(
      { length: 12 },
      (_, i) => kept.filter((_, at) => at % 12 === i).reduce((a, b) => a + b) / 3,
    );
    expect([dimension, ids?.length, kept.length]).toEqual([24, 6, 36]);
    expect(embeddings).toBeCloseToArray([...kept.subarray(0, 12), ...mean], { tolerance: 1e-5 }); // entries up to 4
    const cut = await other.encode("cat", { prompt: "the dog the dog ", maxLength: 4 });
    expect([...cut.embeddings]).toEqual(Array(24).fill(0));
    expect(cut.truncated).toEqual([0]);
  });
});

describe("truncateDim", () => {
  test("keeps the first features and divides by their length, where the model or the caller normalises", async () => {
    await using raw = await toy({ after: [] });
    const whole = await raw.encode(texts);
    const cut = await raw.encode(texts, { truncateDim: 5 });
    expect([cut.dimension, cut.embeddings.length]).toEqual([5, 20]);
    const head = (row: number) => whole.embeddings.subarray(12 * row, 12 * row + 5);
    for (const row of texts.keys()) expect(cut.embeddings.subarray(5 * row, 5 * row + 5)).toEqual(head(row));
    const unit = texts.flatMap((_, row) => Array.from(head(row), (value) => value / Math.hypot(...head(row))));
    expect((await raw.encode(texts, { truncateDim: 5, normalizeEmbeddings: true })).embeddings).toBeCloseToArray(
      unit,
      tolerance,
    );
    expect((await encoder.encode(texts, { truncateDim: 5 })).embeddings).toBeCloseToArray(unit, tolerance);
  });

  test("is warned of, once for each length, where the model does not say that it was trained for it", async () => {
    const warned = async (changes: ToyChanges, lengths: readonly number[]) => {
      const warnings: string[] = [];
      const onWarning = (message: string) => void warnings.push(message);
      await using other = await sentenceEncoderFromFiles(await toyFiles(changes), { onWarning });
      const gathering = other.gathering();
      for (const truncateDim of lengths) await gathering.encode("the cat", { truncateDim });
      for (const truncateDim of lengths) await other.encode("the cat", { truncateDim });
      await other.encode("the cat");
      return warnings;
    };
    const of = (length: number, names: string) =>
      expect.stringMatching(`trained for vectors of ${length} numbers: .*json names ${names}\\.`) as string;
    expect(await warned({ matryoshkaDimensions: [8, 4] }, [8, 5, 4, 5, 12])).toEqual([of(5, "8, 4")]);
    expect(await warned({}, [3, 12, 5])).toEqual([of(3, "none"), of(5, "none")]);
    expect(await warned({ truncateDim: 7 }, [7])).toEqual([]);
    expect(await warned({ matryoshkaDimensions: "any" }, [1, 2])).toEqual([]);
  });

  test("may be the folder's own", async () => {
    await using other = await toy({ truncateDim: 7 });
    expect(other.dimension).toBe(7);
    expect(await other.encode(texts)).toEqual(await encoder.encode(texts, { truncateDim: 7 }));
    expect((await other.encode(texts, { truncateDim: 12 })).dimension).toBe(12);
  });
});

describe("precision", () => {
  test.each(["int8", "uint8", "binary", "ubinary"] as const)("%s quantises all vectors at once", async (precision) => {
    const float = await encoder.encode(texts);
    const quantized = await encoder.encode(texts, { precision, maxBatchTokens: 16 });
    const { tokenCounts } = float;
    expect(quantized).toEqual({ ...quantizeEmbeddings(float, { precision }), truncated: [], tokenCounts });
    expect(quantized.embeddings).toBeInstanceOf(precision.startsWith("u") ? Uint8Array : Int8Array);
  });

  test("8 bits of one text go by the ranges of others", async () => {
    const calibrationEmbeddings = await encoder.encode(texts);
    const one = await encoder.encode("mat", { precision: "uint8", calibrationEmbeddings });
    const ranges = quantizationRanges(calibrationEmbeddings);
    expect(await encoder.encode("mat", { precision: "uint8", ranges })).toEqual(one);
    await expect(encoder.encode("mat", { precision: "uint8" })).rejects.toThrow(/single vector/);
  });
});

describe("token embeddings", () => {
  test("are the vectors of each text's tokens, of which the sentence's is the mean", async () => {
    const { tokenEmbeddings, tokenIds, dimension, truncated } = await encoder.encode(texts, {
      outputValue: "tokenEmbeddings",
    });
    const sentences = await plain(texts);
    for (const [i, text] of texts.entries()) {
      const [ids = [], states = new Float32Array()] = [tokenIds[i], tokenEmbeddings[i]];
      expect([...ids]).toEqual([...encoder.tokenizer.encode(text).ids]);
      expect(states.length).toBe(ids.length * dimension);
      const mean = Array.from({ length: dimension }, (_, feature) =>
        states.reduce((sum, value, at) => sum + (at % dimension === feature ? value : 0), 0),
      );
      const unit = mean.map((value) => value / Math.hypot(...mean));
      expect(sentences.subarray(i * dimension, (i + 1) * dimension)).toBeCloseToArray(unit, tolerance);
    }
    expect(truncated).toEqual([]);
  });
});

test("similarityPairwise is the diagonal of similarity", async () => {
  const [a, b] = [await encoder.encode(texts), await encoder.encode([...texts].reverse())];
  const { scores, columns } = encoder.similarity(a, b);
  expect([...encoder.similarityPairwise(a, b)]).toEqual(texts.map((_, i) => scores[i * columns + i]));
});

test.each([
  [{ promptName: "qurey" }, /no prompt "qurey"\. Did you mean query\?/],
  [{ truncateDim: 0 }, /truncateDim does not fit\. Got 0/],
  [{ truncateDim: 13 }, /from 1 to the vector's 12/],
  [{ precision: "int4" }, /precision does not fit\. Got "int4"/],
  [{ outputValue: "tokens" }, /outputValue does not fit/],
  [{ outputValue: "tokenEmbeddings", precision: "int8" }, /precision is about sentence vectors/],
  [{ outputValue: "tokenEmbeddings", truncateDim: 3 }, /truncateDim is about sentence vectors/],
  [{ outputValue: "tokenEmbeddings", normalizeEmbeddings: true }, /normalizeEmbeddings is about sentence vectors/],
  [{ ranges: { minimum: new Float32Array(12), maximum: new Float32Array(12) } }, /expected int8 or uint8/],
  [{ prompts: "a" }, /unknown option prompts\. Did you mean prompt\?/],
])("refuses %j", async (options, message) => {
  await expect(encoder.encode(texts, options as object)).rejects.toThrow(ConfigError);
  await expect(encoder.encode(texts, options as object)).rejects.toThrow(message);
});
