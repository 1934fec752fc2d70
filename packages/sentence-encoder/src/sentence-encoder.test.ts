import { ConfigError, ShapeError } from "@kindred/errors";
import { cpu, tfjs } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toyFiles } from "../test-support/toy-model.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

// Engines sum in other orders: some 8 roundings of values below 1, 8 · 2^-24 < 1e-6. (Batched otherwise, one engine: same-bits.test.ts.)
// The smallest effect to notice, one token more or less, moves a vector by some 0.1.
const tolerance = { tolerance: 1e-6 };
const words = ["the", "cat", "dogs", "sat", "on", "mat", ".", "ünknown", "a", "</s>", "\ud800"];
const texts = fc.array(
  fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((line) => line.join(" ")),
  { maxLength: 12 },
);

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
});
afterAll(() => encoder.close());

describe("encode", () => {
  test("a text gives one vector of length 1, a list as many as it has texts, an empty list none", async () => {
    const one = await encoder.encode("the cat sat");
    expect([one.embeddings.length, one.dimension, one.truncated]).toEqual([12, 12, []]);
    expect(Math.hypot(...one.embeddings)).toBeCloseTo(1, 6);
    expect((await encoder.encode(["a", "", "b"])).embeddings.length).toBe(36);
    const none = { embeddings: new Float32Array(), dimension: 12, truncated: [], tokenCounts: new Int32Array() };
    expect(await encoder.encode([])).toEqual(none);
  });

  test("the order of the inputs is kept, whatever the token budget", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 64 }), async (list, maxBatchTokens) => {
        const together = await encoder.encode(list, { maxBatchTokens });
        for (const [i, text] of list.entries()) {
          const alone = await encoder.encode(text);
          expect(together.embeddings.subarray(12 * i, 12 * (i + 1))).toBeCloseToArray(alone.embeddings, tolerance);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("the order matters: a swap of two texts is noticed", async () => {
    const { embeddings } = await encoder.encode(["the cat sat", "a dog"]);
    const swapped = await encoder.encode(["a dog", "the cat sat"]);
    expectMutantToFail(() => expect(swapped.embeddings).toBeCloseToArray(embeddings, tolerance));
  });

  test("texts over the limit are cut and told of, and only those", async () => {
    const long = Array(40).fill("cat").join(" ");
    const cut = Array(14).fill("cat").join(" "); // with <s> and </s> the 16 of the model
    const result = await encoder.encode(["a", long, cut]);
    expect(result.truncated).toEqual([1]);
    expect(result.embeddings.subarray(12, 24)).toBeCloseToArray(result.embeddings.subarray(24), tolerance);
    expect((await encoder.encode(long, { maxLength: 3 })).truncated).toEqual([0]);
  });

  test("tells how many tokens were read: special ones, the prompt's, and none that were cut", async () => {
    const long = Array(40).fill("cat").join(" ");
    expect([...(await encoder.encode(["the cat", long, ""])).tokenCounts]).toEqual([4, 16, 2]);
    const { tokenCounts } = await encoder.encodeQuery("the cat", { precision: "binary" });
    expect([...tokenCounts]).toEqual([encoder.tokenizer.encode("find: the cat").ids.length]);
  });

  test("normalizeEmbeddings gives length 1 where the model does not", async () => {
    await using plain = await sentenceEncoderFromFiles(await toyFiles({ after: [] }));
    const raw = (await plain.encode("the cat")).embeddings;
    const unit = (await plain.encode("the cat", { normalizeEmbeddings: true })).embeddings;
    expect(Math.hypot(...raw)).not.toBeCloseTo(1, 2);
    expect(unit).toBeCloseToArray(
      raw.map((value) => value / Math.hypot(...raw)),
      tolerance,
    );
  });

  test("special tokens in a text are tokens, or text if asked or if the tokenizer's files say so", async () => {
    const parsed = await encoder.encode("a </s> b");
    const plain = await encoder.encode("a </s> b", { specialTokens: "plain" });
    expectMutantToFail(() => expect(plain.embeddings).toBeCloseToArray(parsed.embeddings, tolerance));
    const files = await toyFiles();
    const config = JSON.parse(new TextDecoder().decode(files["tokenizer_config.json"])) as object;
    const splitting = new TextEncoder().encode(JSON.stringify({ ...config, split_special_tokens: true }));
    await using other = await sentenceEncoderFromFiles({ ...files, "tokenizer_config.json": splitting });
    expect((await other.encode("a </s> b")).embeddings).toEqual(plain.embeddings);
    expect((await other.encode("a </s> b", { specialTokens: "parse" })).embeddings).toEqual(parsed.embeddings);
  });

  test("a signal stops between batches, and progress counts up to the end", async () => {
    const list = ["a", "b", "c", "the cat"];
    const seen: number[] = [];
    await encoder.encode(list, { maxBatchTokens: 1, onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(4);
    const stop = new AbortController();
    const stopped = encoder.encode(list, {
      maxLength: 6,
      maxBatchTokens: 6,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
  });

  test("ids of tokens stand for a text, framed or not, cut at the side that is said, without a prompt", async () => {
    const ids = [...encoder.tokenizer.encode("the cat sat").ids];
    const inputs = ["a dog", ids, ids.slice(1, -1)];
    const tokens = encoder.tokenize(inputs);
    expect(tokens).toEqual({ ...encoder.tokenize(["a dog", "the cat sat", "the cat sat"]), promptLength: 0 });
    expect(await encoder.encode(inputs)).toEqual(await encoder.encode(["a dog", "the cat sat", "the cat sat"]));
    const query = await encoder.encodeQuery(["a dog", ids]);
    const apart = [await encoder.encodeQuery("a dog"), await encoder.encode("the cat sat")];
    expect(query.embeddings).toBeCloseToArray(
      apart.flatMap(({ embeddings }) => [...embeddings]),
      tolerance,
    );
    const cut = { maxLength: 4 };
    for (const truncationSide of ["left", "right", undefined] as const) {
      const side = truncationSide === undefined ? cut : { ...cut, truncationSide };
      expect(encoder.tokenize([ids, "a"], side)).toEqual({ ...encoder.tokenize(["the cat sat", "a"], side) });
    }
    expect([...encoder.tokenize([[]]).ids]).toEqual([...encoder.tokenizer.encode("").ids]);
    for (const id of [17, -1, 1.5])
      await expect(encoder.encode([[id]])).rejects.toThrow(
        `no such token. Got id ${id}, expected whole numbers from 0 to 16`,
      );
    await using other = await sentenceEncoderFromFiles(
      await toyFiles({ pooling: { modes: ["mean"], includePrompt: false } }),
    );
    await expect(other.encodeQuery(["a", ids])).rejects.toThrow(/texts and ids of tokens are mixed/);
    expect((await other.encodeQuery([ids])).embeddings).toEqual((await other.encode("the cat sat")).embeddings);
  });

  test("is tokenize and then encodeTokens, with any option, and calls that are gathered give the same bits", async () => {
    const list = ["the cat sat", "", Array(40).fill("cat").join(" ")];
    const options = { promptName: "query", truncationSide: "left" } as const;
    const tokens = encoder.tokenize(list, options);
    expect([[...tokens.starts], tokens.truncated]).toEqual([[0, 7, 11, 27], [2]]);
    const expected = await encoder.encode(list, { ...options, truncateDim: 5 });
    expect(await encoder.encodeTokens(tokens, { truncateDim: 5 })).toEqual(expected);
    const gathering = encoder.gathering();
    const alone = list.map((text) => gathering.encode(text, { ...options, truncateDim: 5 }));
    for (const [i, { embeddings }] of (await Promise.all(alone)).entries())
      expect(embeddings).toBeCloseToArray(expected.embeddings.subarray(5 * i, 5 * (i + 1)), tolerance);
    expect([gathering.waiting, encoder.waiting]).toEqual([0, 0]);
    const ofTokens = { outputValue: "tokenEmbeddings" } as const;
    expect(await gathering.encode(list, ofTokens)).toEqual(await encoder.encode(list, ofTokens));
    await expect(
      encoder.encodeTokens({ ids: new Int32Array(33), starts: Int32Array.of(0, 33), truncated: [] }),
    ).rejects.toThrow(/text 0 does not fit the model\. Got 33 tokens, expected 1 to its 32/);
  });

  test("refuses what it cannot do", async () => {
    await expect(encoder.encode("a", { maxLenght: 4 } as object)).rejects.toThrow(
      /unknown option maxLenght\. Did you mean maxLength\?/,
    );
    await expect(encoder.encode("a", { maxLength: 99 })).rejects.toThrow(ConfigError);
    await expect(encoder.encode([1 as unknown as string])).rejects.toThrow(ShapeError);
  });
});

test("similarity goes by the model's own function", async () => {
  const both = await encoder.encode(["the cat", "the cat"]);
  expect(encoder.similarity(both, both).scores).toBeCloseToArray([1, 1, 1, 1], tolerance);
  await using other = await sentenceEncoderFromFiles(await toyFiles({ similarityFunction: "euclidean" }));
  expect(other.similarity(both, both).scores).toBeCloseToArray([0, 0, 0, 0], tolerance);
});

test.each([cpu(), tfjs()])("$name and wasm agree", async (engine) => {
  const onWasm = (await encoder.encode(["the cat sat on the mat.", "a"])).embeddings;
  await using other = await sentenceEncoderFromFiles(await toyFiles(), { engine });
  expect((await other.encode(["the cat sat on the mat.", "a"])).embeddings).toBeCloseToArray(onWasm, tolerance);
});
