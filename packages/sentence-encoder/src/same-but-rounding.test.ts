import { xla } from "@kindred/backend-xla";
import { initialParameters } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { keyFromSeed } from "@kindred/random";
import { describePlugins, expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectSentences, sentenceLengths, type TokenBatch } from "./embed-sentences.ts";
import { type Embedder, localEmbedder } from "./local-embedder.ts";
import { planBlocks } from "./plan-blocks.ts";

const hidden = 192;
const config = { vocab_size: 50, hidden_size: hidden, num_attention_heads: 3, num_hidden_layers: 2 };
const sizes = { blockRows: 32, batchRows: 64 };

const batchOf = (sentences: readonly (readonly number[])[]): TokenBatch => {
  let total = 0;
  const starts = Int32Array.from([0, ...sentences.map(({ length }) => (total += length))]);
  return { ids: Int32Array.from(sentences.flat()), starts };
};

// XLA's kernels for products of few rows and of many sum in other orders: 16 roundings of numbers below 1. The smallest effect to notice, another
// token, moves a vector by some 0.01.
const tolerance = 16 * 2 ** -24;

describePlugins("on XLA", ({ path }) => {
  let embedder: Embedder;
  beforeAll(async () => {
    const encoder = mpnet.open({ ...config, initializer_range: 0.1 }, { file: "config.json" });
    const modules = [{ kind: "Pooling", dimension: hidden, modes: ["mean"] }, { kind: "Normalize" }] as const;
    const load = async () =>
      Object.fromEntries(
        Object.entries(initialParameters(encoder.specs, keyFromSeed(3))).map(([name, { values, shape }]) => [
          name,
          tf.keep(tf.tensor(values, [...shape], "float32")),
        ]),
      );
    embedder = await localEmbedder(xla({ plugin: path, cacheFolder: false }), load, { encoder, modules });
  });
  afterAll(() => embedder.close());

  const vectorsOf = async (batch: TokenBatch) => {
    const vectors: Float32Array[] = [];
    for (const { sentences, layout } of planBlocks(sentenceLengths(batch), sizes)) {
      const values = await embedder.embed({ batch: { ...selectSentences(batch, sentences), layout }, of: "sentences" });
      for (const [place, sentence] of sentences.entries())
        vectors[sentence] = values.slice(place * hidden, (place + 1) * hidden);
    }
    return vectors;
  };

  test("the vector of a sentence is the same, but for rounding, whatever it is batched with", async () => {
    const sentence = fc.array(fc.integer({ min: 5, max: 49 }), { minLength: 1, maxLength: 32 });
    const law = (change: (ids: readonly number[]) => readonly number[]) =>
      fc.assert(
        fc.asyncProperty(fc.array(sentence, { minLength: 1, maxLength: 8 }), async (sentences) => {
          const together = await vectorsOf(batchOf(sentences));
          for (const [i, ids] of sentences.entries()) {
            const [alone = []] = await vectorsOf(batchOf([change(ids)]));
            expect(together[i]).toBeCloseToArray(alone, { tolerance });
          }
        }),
        { numRuns: 15 },
      );
    await law((ids) => ids);
    await expectMutantToFail(() => law(([first = 5, ...others]) => [5 + ((first - 4) % 45), ...others]));
  }, 120_000);
});
