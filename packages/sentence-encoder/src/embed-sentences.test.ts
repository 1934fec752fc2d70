import { bert } from "@kindred/bert";
import { initialParameters } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { sum } from "@kindred/nn";
import type { SentenceModules } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import { defineEngine, inBlocks, type Layout, padded, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { embedSentences, embedTokens } from "./embed-sentences.ts";

const config = {
  vocab_size: 40,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 20,
  initializer_range: 0.3, // so that attention is far from uniform
};
const modules: SentenceModules = [
  { kind: "Pooling", dimension: 12, modes: ["mean", "max", "weightedmean"], includePrompt: false },
  { kind: "Normalize" },
];
const batch = {
  ids: Int32Array.of(3, 9, 2, 3, 7, 8, 11, 12, 2, 3, 2, 3, 5, 5, 6, 2),
  starts: Int32Array.of(0, 3, 9, 11, 16),
  promptLength: 1,
};
const rows = Int32Array.of(4, 1, 7, 2);

/** An engine that wants its batches to lie so. */
const laying = (name: string, layout: (lengths: Int32Array, numbers?: Int32Array) => Layout) =>
  defineEngine({
    name,
    load: async () => {
      const parts = await tfjs().load();
      return { ...parts, running: { ...parts.running, layout } };
    },
  });
const engines = [
  laying("padded", (lengths, numbers) => padded(lengths, 16, { numbers })),
  laying("blocks", (lengths, numbers) => inBlocks(lengths, 8, { count: 5, numbers })),
];

async function results(engine: ReturnType<typeof tfjs>, family: typeof bert, numbers: Int32Array) {
  const { stop } = await engine.start();
  const encoder = family.open(config, { file: "config.json" });
  const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
  const parameters = Object.fromEntries(
    weights.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  const model = { encoder, modules };
  const tokens = embedTokens(parameters, batch, model);
  const training = { ...model, dropout: keyFromSeed(2), rows: numbers };
  const vectors = embedSentences(parameters, batch, model);
  const { value, gradients } = valueAndGradients(() => sum(embedSentences(parameters, batch, training)), parameters);
  const read = {
    tokens: [tokens.shape, Float32Array.from(tokens.dataSync())] as const,
    vectors: [vectors.shape, Float32Array.from(vectors.dataSync())] as const,
    value: [value.shape, Float32Array.from(value.dataSync())] as const,
    ...Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [
        name,
        [gradient?.shape ?? [], Float32Array.from(gradient?.dataSync() ?? [])] as const,
      ]),
    ),
  };
  tf.dispose([parameters, tokens, vectors, value, gradients] as tf.TensorContainer);
  stop();
  return read;
}

test.each([mpnet, bert].flatMap((family) => engines.map((engine) => ({ family, engine, name: engine.name }))))(
  "tokens, vectors and gradients with dropout are the same where the engine wants sentences to lie $name",
  async ({ family, engine }) => {
    const [packed, other] = [await results(tfjs(), family, rows), await results(engine, family, rows)];
    expect(packed.tokens[0]).toEqual([16, 12]);
    for (const [name, [shape, want]] of Object.entries(packed)) {
      // Sums of some 16 terms in another order, forward and back: 64 roundings of what is largest.
      const tolerance = 64 * 2 ** -24 * Math.max(1, ...want.map(Math.abs));
      expect(other[name as keyof typeof other][1], name).toBeCloseToArray(want, { tolerance, shape });
    }
    const renumbered = await results(engine, family, Int32Array.from(rows.keys()));
    expectMutantToFail(() => expect(renumbered.value[1]).toBeCloseToArray(packed.value[1], { tolerance: 1e-4 }));
  },
);
