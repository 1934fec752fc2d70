import { FormatError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { configJson } from "./config-json.ts";
import { mpnetConfig } from "./mpnet-config.ts";

const least = { model_type: "mpnet" };

test("missing keys have the defaults of Hugging Face's class, also where published models differ", () => {
  expect(mpnetConfig(least)).toEqual({
    vocabSize: 30527,
    hiddenSize: 768,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    intermediateSize: 3072,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    maxPositionEmbeddings: 512,
    layerNormEps: 1e-12,
    initializerRange: 0.02,
    relativeAttentionNumBuckets: 32,
    padTokenId: 1,
    bosTokenId: 0,
    eosTokenId: 2,
  });
});

test("keys that say nothing about the encoder are ignored, null counts as missing", () => {
  const json = {
    ...least,
    hidden_act: "gelu",
    transformers_version: "4.8.2",
    architectures: ["X"],
    layer_norm_eps: null,
  };
  expect(mpnetConfig(json)).toEqual(mpnetConfig(least));
});

test("configJson round-trips any configuration through JSON", () => {
  const sizes = fc.record({
    vocab_size: fc.integer({ min: 3, max: 1e6 }),
    num_hidden_layers: fc.integer({ min: 0, max: 99 }),
    num_attention_heads: fc.integer({ min: 1, max: 64 }),
    intermediate_size: fc.integer({ min: 1, max: 1e5 }),
    hidden_dropout_prob: fc.double({ min: 0, max: 0.99, noNaN: true }),
    attention_probs_dropout_prob: fc.double({ min: 0, max: 0.99, noNaN: true }),
    max_position_embeddings: fc.integer({ min: 3, max: 1e5 }),
    layer_norm_eps: fc.double({ min: 0, max: 1, noNaN: true }),
    relative_attention_num_buckets: fc.integer({ min: 32, max: 99 }),
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 128 }), (json, size) => {
      const config = mpnetConfig({ ...least, ...json, hidden_size: json.num_attention_heads * size });
      // JSON has no −0.
      expect(mpnetConfig(JSON.parse(JSON.stringify(configJson(config))))).toEqual(JSON.parse(JSON.stringify(config)));
    }),
  );
});

test.each([
  [
    { model_type: "bert" },
    'model_type does not fit. Got "bert", expected "mpnet". MPNet is the only kind of model that is supported.',
  ],
  [{ model_type: undefined }, "model_type does not fit. Got undefined"],
  [{ hidden_act: "relu" }, 'hidden_act does not fit. Got "relu"'],
  [{ hidden_size: 100 }, "num_attention_heads does not fit. Got undefined, expected a divisor of hidden_size 100"],
  [{ hidden_size: "768" }, 'hidden_size does not fit. Got "768"'],
  [{ hidden_size: 0 }, "hidden_size does not fit. Got 0, expected a whole number from 1"],
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
  [{ pad_token_id: 40000 }, "pad_token_id does not fit. Got 40000"],
  [{ max_position_embeddings: 2 }, "max_position_embeddings does not fit. Got 2"],
])("refuses %j, naming file and key", (changed, message) => {
  const call = () => mpnetConfig({ ...least, ...changed }, { file: "models/a/config.json" });
  expect(call).toThrow(FormatError);
  expect(call).toThrow(`models/a/config.json: ${message}`);
});

test("refuses what is no object", () => {
  for (const json of [null, 3, "x", []]) expect(() => mpnetConfig(json)).toThrow("config.json: not a configuration.");
});

test.skipIf(!sharedExists("golden", "mpnet-tiny"))(
  "refuses the golden model with 8 buckets, takes the one with 64",
  () => {
    const read = (model: string) => mpnetConfig(readJson(sharedPath("golden", "mpnet-tiny", model, "config.json")));
    expect(() => read("model-8-buckets")).toThrow("relative_attention_num_buckets does not fit. Got 8");
    expect(read("model-64-buckets").relativeAttentionNumBuckets).toBe(64);
  },
);
