import { initialParameters } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import { keyFromSeed } from "@kindred/random";
import { cpu, packed, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { familyLaws } from "../../encoder/test-support/family-laws.ts";
import { bert } from "./bert.ts";

const file = "models/a/config.json";
const open = (changes: object) => bert.open({ model_type: "bert", ...changes }, { file });
const tiny = {
  model_type: "bert",
  vocab_size: 40,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 16,
  initializer_range: 0.3, // so that attention is far from uniform
  hidden_dropout_prob: 0.3,
  attention_probs_dropout_prob: 0.4,
};

familyLaws(bert, tiny);

test("missing keys have the defaults of Hugging Face's class; those that change nothing are ignored", () => {
  expect(open({}).configJson()).toEqual({
    architectures: ["BertModel"],
    model_type: "bert",
    hidden_act: "gelu",
    position_embedding_type: "absolute",
    vocab_size: 30522,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    pad_token_id: 0,
  });
  const more = { use_cache: true, gradient_checkpointing: false, classifier_dropout: null, is_decoder: false };
  expect(open(more).configJson()).toEqual(open({}).configJson());
});

test("all-MiniLM-L6-v2's size has 22,565,376 weights, 22,713,216 with the pooler, and room for 512 tokens", () => {
  const size = { hidden_size: 384, num_hidden_layers: 6, intermediate_size: 1536 };
  const { specs, unused, sizes, description } = open(size);
  const count = (list: typeof unused) =>
    list.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  expect([count(specs), count([...specs, ...unused])]).toEqual([22_565_376, 22_713_216]);
  expect(sizes).toEqual({ hidden: 384, longest: 512, vocabulary: 30522, layers: 6, intermediate: 1536 });
  expect(description).toBe("BERT, 6 layers of width 384, 12 heads, feed-forward 1536");
});

test("stored names: with and without prefix, gamma and beta of 2019; pooler, heads and buffers are no parameters", () => {
  const { specs, parameterOf } = bert.open(tiny, { file });
  for (const { name } of specs) {
    const old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    for (const stored of [name, `bert.${name}`, old, `bert.${old}`]) expect(parameterOf(stored)).toBe(name);
  }
  for (const name of ["bert.pooler.dense.weight", "cls.predictions.transform.LayerNorm.gamma", "mpnet.encoder.x"])
    expect(parameterOf(name)).toBeUndefined();
});

test("pad_token_id says which word gets no gradient, and null that there is none; no place is padding by it", async () => {
  const row = (changes: object) => open(changes).specs[0]?.rowWithoutGradient;
  expect([row({}), row({ pad_token_id: 7 }), row({ pad_token_id: null })]).toEqual([0, 7, undefined]);
  expect(
    open({})
      .specs.slice(1)
      .every(({ rowWithoutGradient }) => rowWithoutGradient === undefined),
  ).toBe(true);
  await cpu().start();
  const states = (changes: object) => {
    const { specs, forward } = bert.open({ ...tiny, ...changes }, { file });
    const parameters = tensors(bert.open(tiny, { file }).specs);
    expect(specs.length).toBeGreaterThan(0);
    return forward(parameters, { ids: Int32Array.of(7, 0, 5) }, { layout: packed([3]) }).dataSync();
  };
  expect(states({ pad_token_id: 7 })).toEqual(states({ pad_token_id: 0 }));
});

function tensors(specs: Parameters<typeof initialParameters>[0]) {
  const weights = Object.entries(initialParameters(specs, keyFromSeed(1)));
  return Object.fromEntries(weights.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
}

test("token types: all 0 is as none, others add their own row; one that the model lacks is refused", async () => {
  await tfjs().start();
  const { specs, forward } = bert.open({ ...tiny, num_hidden_layers: 0, layer_norm_eps: 1e-12 }, { file });
  const parameters = tensors(specs);
  const ids = Int32Array.of(4, 9, 5, 8, 5);
  const layout = packed([3, 2]);
  const states = (types: number[]) =>
    Float32Array.from(forward(parameters, { ids, typeIds: Int32Array.from(types) }, { layout }).dataSync());
  const none = Float32Array.from(forward(parameters, { ids }, { layout }).dataSync());
  expect(states([0, 0, 0, 0, 0])).toEqual(none);
  const mixed = states([0, 0, 1, 0, 0]);
  expect(mixed.filter((value, i) => value !== none[i]).length).toBe(12);
  // By hand: the third token's row is LayerNorm(word 5 + position 2 + type 1).
  const table = (name: string, row: number) =>
    (parameters[`embeddings.${name}_embeddings.weight`]?.dataSync() ?? []).slice(row * 12, (row + 1) * 12);
  const [word, place, type] = [table("word", 5), table("position", 2), table("token_type", 1)];
  const sums = Array.from(word, (value, i) => value + (place[i] ?? 0) + (type[i] ?? 0));
  const mean = sums.reduce((total, value) => total + value, 0) / 12;
  const deviation = Math.sqrt(sums.reduce((total, value) => total + (value - mean) ** 2, 0) / 12);
  const expected = sums.map((value) => (value - mean) / deviation);
  // Sums of numbers near 0.5 and a norm of size up to 3, each rounded a few times by 2⁻²⁴.
  expect(mixed.slice(24, 36)).toBeCloseToArray(expected, { tolerance: 3e-6 });
  expect(() => states([0, 0, 2, 0, 0])).toThrow("bert: no such token type. Got 2 at 2, expected 0 to 1");
  expect(() => states([0, 0])).toThrow("bert: typeIds and layout don't fit. Got 2 typeIds");
});

test.each([
  [{ hidden_act: "gelu_new" }, 'hidden_act does not fit. Got "gelu_new", expected "gelu"'],
  [{ hidden_act: "relu" }, 'hidden_act does not fit. Got "relu"'],
  [
    { position_embedding_type: "relative_key" },
    'position_embedding_type does not fit. Got "relative_key", expected "absolute"',
  ],
  [
    { is_decoder: true },
    "is_decoder does not fit. Got true, expected false. A decoder sees only the tokens before it.",
  ],
  [{ add_cross_attention: true }, "add_cross_attention does not fit. Got true"],
  [{ pruned_heads: { 0: [1] } }, 'pruned_heads does not fit. Got {"0":[1]}, expected {}'],
  [{ hidden_size: 100 }, "num_attention_heads does not fit. Got undefined, expected a divisor of hidden_size 100"],
  [{ type_vocab_size: 0 }, "type_vocab_size does not fit. Got 0, expected a whole number from 1"],
  [{ layer_norm_eps: "1e-12" }, 'layer_norm_eps does not fit. Got "1e-12"'],
  [{ pad_token_id: 30522 }, "pad_token_id does not fit. Got 30522, expected an id from 0 to 30521"],
  [{ max_position_embeddings: 1 }, "max_position_embeddings does not fit. Got 1"],
])("refuses %j, naming file and key", (changed, message) => {
  expect(() => open(changed)).toThrow(FormatError);
  expect(() => open(changed)).toThrow(`models/a/config.json: ${message}`);
});
