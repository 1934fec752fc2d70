import { keyFromSeed } from "@kindred/random";
import { arbitraryKey, readGoldenTensors, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cpu } from "@kindred/tensor";
import { canonicalWeightName } from "./canonical-weight-name.ts";
import { initialParameters } from "./initial-parameters.ts";
import { mpnetConfig } from "./mpnet-config.ts";
import { mpnetParameters } from "./mpnet-parameters.ts";
import { weightNames } from "./weight-names.ts";

const tiny = mpnetConfig({
  model_type: "mpnet",
  vocab_size: 200,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
  max_position_embeddings: 66,
});

test("the published model has 108,895,872 weights, 109,486,464 with the pooler", () => {
  const base = mpnetConfig({ model_type: "mpnet", max_position_embeddings: 514 });
  const count = (pooler: boolean) =>
    weightNames(base, { pooler }).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  expect([count(false), count(true)]).toEqual([108_895_872, 109_486_464]);
});

test.skipIf(!sharedExists("golden", "mpnet-tiny", "model"))(
  "names and shapes are those of a Hugging Face checkpoint",
  () => {
    const stored = readGoldenTensors(sharedPath("golden", "mpnet-tiny", "model", "model.safetensors"));
    const expected = [...stored].flatMap(([name, { shape }]) =>
      name.endsWith("position_ids") ? [] : [{ name, shape }],
    );
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(weightNames(tiny, { pooler: true }).sort(byName)).toEqual(expected.sort(byName));
  },
);

test("canonical names: the prefix goes, the head and buffers are no weights, bare names stay", () => {
  for (const { name } of weightNames(tiny, { pooler: true })) {
    expect(canonicalWeightName(name)).toBe(name);
    expect(canonicalWeightName(`mpnet.${name}`)).toBe(name);
  }
  for (const name of [
    "lm_head.bias",
    "mpnet.embeddings.position_ids",
    "embeddings.position_ids",
    "bert.encoder.x",
    "",
  ]) {
    expect(canonicalWeightName(name)).toBeUndefined();
  }
});

test("initial weights have the model's names and shapes, biases 0, norms 1 and 0, and padding rows 0", () => {
  fc.assert(
    fc.property(arbitraryKey(), (key) => {
      const weights = initialParameters(tiny, key);
      expect(Object.entries(weights).map(([name, { shape }]) => ({ name, shape }))).toEqual(weightNames(tiny));
      for (const [name, { shape, values }] of Object.entries(weights)) {
        expect(values.length).toBe(shape.reduce((a, b) => a * b));
        if (shape.length === 1) expect(new Set(values)).toEqual(new Set([name.endsWith("LayerNorm.weight") ? 1 : 0]));
        if (/word|position/.test(name)) expect(values.slice(32, 64)).toEqual(new Float32Array(32));
      }
    }),
    { numRuns: 3 },
  );
});

test("initial matrices have mean 0 and the configuration's deviation, within five of their own deviations", () => {
  const { values } = initialParameters({ ...tiny, vocabSize: 5000 }, keyFromSeed(5))[
    "embeddings.word_embeddings.weight"
  ]!;
  const drawn = values.filter((_, i) => i < 32 || i >= 64);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + value ** 2, 0) / drawn.length;
  expect(Math.abs(mean)).toBeLessThan((5 * 0.02) / Math.sqrt(drawn.length));
  expect(Math.abs(variance / 0.02 ** 2 - 1)).toBeLessThan(5 * Math.sqrt(2 / drawn.length));
});

test("a weight depends on key, name and shape alone: a deeper model begins like a flat one, and no two weights are alike", () => {
  const flat = initialParameters({ ...tiny, numHiddenLayers: 1 }, keyFromSeed(1));
  const deep = initialParameters(tiny, keyFromSeed(1), { pooler: true });
  for (const [name, weight] of Object.entries(flat)) expect(deep[name]).toEqual(weight);
  const { "encoder.layer.0.attention.attn.q.weight": q, "encoder.layer.0.attention.attn.k.weight": k } = flat;
  expect(q!.values).not.toEqual(k!.values);
  expect(initialParameters(tiny, keyFromSeed(2))["pooler.dense.weight"]).toBeUndefined();
});

test("parameters as a tree read like their names; a missing or misshapen one is named", async () => {
  await cpu().start();
  const named = Object.fromEntries(weightNames(tiny).map(({ name, shape }) => [name, tf.zeros([...shape])]));
  const tree = mpnetParameters({ ...named, "pooler.dense.bias": tf.zeros([32]) }, tiny);
  expect(tree.encoder.layer[1]!.attention.attn.q.weight).toBe(named["encoder.layer.1.attention.attn.q.weight"]);
  expect(tree).not.toHaveProperty("pooler");

  const name = "encoder.layer.1.output.dense.bias";
  const { [name]: _, ...rest } = named;
  expect(() => mpnetParameters(rest, tiny)).toThrow(`weight ${name} is missing. Got 36 other weights, expected [32].`);
  expect(() => mpnetParameters({ ...rest, [name]: tf.zeros([33]) }, tiny)).toThrow(
    `weight ${name} does not fit the configuration. Got [33], expected [32].`,
  );
});
