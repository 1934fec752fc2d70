import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { familyLaws } from "../../encoder/test-support/family-laws.ts";
import { distilbert } from "./distilbert.ts";

const file = "models/a/config.json";
const open = (changes: object) => distilbert.open({ model_type: "distilbert", ...changes }, { file });
const tiny = {
  model_type: "distilbert",
  vocab_size: 40,
  dim: 12,
  n_layers: 2,
  n_heads: 3,
  hidden_dim: 20,
  max_position_embeddings: 16,
  initializer_range: 0.3, // so that attention is far from uniform
  dropout: 0.3,
  attention_dropout: 0.4,
};

familyLaws(distilbert, tiny);

test("missing keys have the defaults of Hugging Face's class; those that change nothing are ignored", () => {
  expect(open({}).configJson()).toEqual({
    architectures: ["DistilBertModel"],
    model_type: "distilbert",
    activation: "gelu",
    vocab_size: 30522,
    dim: 768,
    n_layers: 6,
    n_heads: 12,
    hidden_dim: 3072,
    dropout: 0.1,
    attention_dropout: 0.1,
    max_position_embeddings: 512,
    initializer_range: 0.02,
    pad_token_id: 0,
  });
  const more = { sinusoidal_pos_embds: true, qa_dropout: 0.1, seq_classif_dropout: 0.2, tie_weights_: true };
  expect(open(more).configJson()).toEqual(open({}).configJson());
});

test("distilbert-base has 66,362,880 weights, and room for 512 tokens", () => {
  const { specs, unused, sizes, description } = open({});
  const count = specs.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  expect([count, unused]).toEqual([66_362_880, []]);
  expect(sizes).toEqual({ hidden: 768, longest: 512, vocabulary: 30522, layers: 6, intermediate: 3072 });
  expect(description).toBe("DistilBERT, 6 layers of width 768, 12 heads, feed-forward 3072");
});

test("stored names: with and without prefix; masked-LM and classification heads are no parameters", () => {
  const { specs, parameterOf } = open(tiny);
  for (const { name } of specs)
    for (const stored of [name, `distilbert.${name}`]) expect(parameterOf(stored)).toBe(name);
  expect(parameterOf("distilbert.embeddings.LayerNorm.gamma")).toBe("embeddings.LayerNorm.weight");
  for (const name of ["vocab_transform.weight", "vocab_layer_norm.bias", "pre_classifier.weight", "classifier.bias"])
    expect(parameterOf(name)).toBeUndefined();
});

test.each([
  [{ activation: "relu" }, 'activation does not fit. Got "relu", expected "gelu"'],
  [{ pruned_heads: { 0: [1] } }, 'pruned_heads does not fit. Got {"0":[1]}, expected {}'],
  [{ dim: 100 }, "n_heads does not fit. Got undefined, expected a divisor of dim 100"],
  [{ n_layers: 1.5 }, "n_layers does not fit. Got 1.5, expected a whole number from 0"],
  [{ pad_token_id: 30522 }, "pad_token_id does not fit. Got 30522, expected an id from 0 to 30521"],
  [{ max_position_embeddings: 1 }, "max_position_embeddings does not fit. Got 1"],
])("refuses %j, naming file and key", (changed, message) => {
  expect(() => open(changed)).toThrow(FormatError);
  expect(() => open(changed)).toThrow(`models/a/config.json: ${message}`);
});
