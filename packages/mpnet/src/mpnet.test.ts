import { FormatError } from "@kindred/errors";
import { initialParameters } from "@kindred/encoder";
import { keyFromSeed } from "@kindred/random";
import { cpu, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { familyLaws } from "../../encoder/test-support/family-laws.ts";
import { mpnet } from "./mpnet.ts";

const file = "models/a/config.json";
const open = (changes: object) => mpnet.open({ model_type: "mpnet", ...changes }, { file });
const tiny = {
  model_type: "mpnet",
  vocab_size: 40,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 18,
  layer_norm_eps: 1e-5,
  initializer_range: 0.3, // so that attention is far from uniform
  hidden_dropout_prob: 0.3,
  attention_probs_dropout_prob: 0.4,
};

familyLaws(mpnet, tiny);

test("missing keys have the defaults of Hugging Face's class, also where published models differ; others are ignored", () => {
  expect(open({}).configJson()).toEqual({
    architectures: ["MPNetModel"],
    model_type: "mpnet",
    hidden_act: "gelu",
    vocab_size: 30527,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: 512,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    relative_attention_num_buckets: 32,
    pad_token_id: 1,
    bos_token_id: 0,
    eos_token_id: 2,
  });
  const more = { transformers_version: "4.8.2", architectures: ["X"], layer_norm_eps: null };
  expect(open(more).configJson()).toEqual(open({}).configJson());
});

test("the published model has 108,895,872 weights, 109,486,464 with the pooler, and room for 512 tokens", () => {
  const { specs, unused, sizes, description } = open({ max_position_embeddings: 514 });
  const count = (list: typeof unused) =>
    list.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  expect([count(specs), count([...specs, ...unused])]).toEqual([108_895_872, 109_486_464]);
  expect(sizes).toEqual({ hidden: 768, longest: 512, vocabulary: 30527, layers: 12, intermediate: 3072 });
  expect(description).toBe("MPNet, 12 layers of width 768, 12 heads, feed-forward 3072");
  expect(specs.length).toBe(197);
});

test("stored names: the masked-LM model's prefix goes, its head and other families' names are no parameters", () => {
  const { specs, parameterOf } = mpnet.open(tiny, { file });
  for (const { name } of specs) expect(parameterOf(`mpnet.${name}`)).toBe(name);
  for (const name of ["mpnet.embeddings.position_ids", "bert.encoder.x", "lm_head.dense.weight"])
    expect(parameterOf(name)).toBeUndefined();
});

test("kinds: tables are looked up, matrices multiply, and row 1 of words and positions gets no gradient", () => {
  const { specs } = mpnet.open(tiny, { file });
  const kinds = Object.fromEntries(
    specs.map(({ name, kind, rowWithoutGradient }) => [name, [kind, rowWithoutGradient]]),
  );
  expect(kinds).toMatchObject({
    "embeddings.word_embeddings.weight": ["table", 1],
    "embeddings.position_embeddings.weight": ["table", 1],
    "embeddings.LayerNorm.weight": ["gain", undefined],
    "encoder.relative_attention_bias.weight": ["table", undefined],
    "encoder.layer.0.attention.attn.q.weight": ["matrix", undefined],
    "encoder.layer.0.attention.attn.q.bias": ["shift", undefined],
    "encoder.layer.1.output.LayerNorm.bias": ["shift", undefined],
  });
});

test("a token of id 1 has position 1 and is not counted, as in transformers; it is attended all the same", async () => {
  await cpu().start();
  const { specs, forward } = mpnet.open({ ...tiny, num_hidden_layers: 0 }, { file });
  const weights = Object.entries(initialParameters(specs, keyFromSeed(1)));
  const parameters = Object.fromEntries(
    weights.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  const states = (ids: number[]) =>
    tf.tidy(() => {
      const y = forward(parameters, { ids: Int32Array.from(ids) }, { layout: packed([ids.length]) });
      return Array.from({ length: ids.length }, (_, i) => Array.from(y.dataSync().subarray(i * 12, (i + 1) * 12)));
    });
  const [first, padding, second] = states([7, 1, 8]);
  expect(states([7, 8])).toEqual([first, second]);
  expect(states([1])).toEqual([padding]);
  expect(states([7, 9, 8])[2]).not.toEqual(second);
});

test.each([
  [{ hidden_act: "relu" }, 'hidden_act does not fit. Got "relu", expected "gelu"'],
  [{ hidden_size: 100 }, "num_attention_heads does not fit. Got undefined, expected a divisor of hidden_size 100"],
  [{ hidden_size: "768" }, 'hidden_size does not fit. Got "768"'],
  [{ num_hidden_layers: 1.5 }, "num_hidden_layers does not fit. Got 1.5"],
  [
    { hidden_dropout_prob: 1 },
    "hidden_dropout_prob does not fit. Got 1, expected a number from 0 up to, not including, 1",
  ],
  [{ layer_norm_eps: -1 }, "layer_norm_eps does not fit. Got -1"],
  [
    { relative_attention_num_buckets: 8 },
    "relative_attention_num_buckets does not fit. Got 8, expected a whole number from 32",
  ],
  [{ max_position_embeddings: 2 }, "max_position_embeddings does not fit. Got 2, expected a whole number from 3"],
])("refuses %j, naming file and key", (changed, message) => {
  expect(() => open(changed)).toThrow(FormatError);
  expect(() => open(changed)).toThrow(`models/a/config.json: ${message}`);
});
