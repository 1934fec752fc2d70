import { initialParameters } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import { keyFromSeed } from "@kindred/random";
import { packed, padded, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { familyLaws } from "../../encoder/test-support/family-laws.ts";
import { camembert, roberta, xlmRoberta } from "./roberta.ts";

const file = "models/a/config.json";
const tiny = {
  vocab_size: 40,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 18,
  initializer_range: 0.3, // so that attention is far from uniform
  hidden_dropout_prob: 0.3,
  attention_probs_dropout_prob: 0.4,
};
const kinds = [
  { family: roberta, type: "roberta", words: 50265, architecture: "RobertaModel", title: "RoBERTa" },
  { family: xlmRoberta, type: "xlm-roberta", words: 30522, architecture: "XLMRobertaModel", title: "XLM-RoBERTa" },
  { family: camembert, type: "camembert", words: 30522, architecture: "CamembertModel", title: "CamemBERT" },
] as const;

familyLaws(roberta, tiny);

describe.each(kinds)("$type", ({ family, type, words, architecture, title }) => {
  test("has the defaults of Hugging Face's class, its own name, and room for all rows but the first two", () => {
    const { configJson, sizes, description } = family.open({ model_type: type }, { file });
    expect(configJson()).toEqual({
      architectures: [architecture],
      model_type: type,
      hidden_act: "gelu",
      position_embedding_type: "absolute",
      vocab_size: words,
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
      pad_token_id: 1,
    });
    expect(sizes).toEqual({ hidden: 768, longest: 510, vocabulary: words, layers: 12, intermediate: 3072 });
    expect(description).toBe(`${title}, 12 layers of width 768, 12 heads, feed-forward 3072`);
  });

  test("stored names: bare, or with roberta. in front, which all three have; gamma and beta of 2019; no heads, no buffers", () => {
    const { specs, parameterOf } = family.open(tiny, { file });
    for (const { name } of specs) {
      const old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
      for (const stored of [name, `roberta.${name}`, old, `roberta.${old}`]) expect(parameterOf(stored)).toBe(name);
    }
    for (const name of [
      "roberta.pooler.dense.weight",
      "roberta.embeddings.position_ids",
      "lm_head.layer_norm.weight",
      "classifier.dense.weight",
      "bert.embeddings.LayerNorm.weight",
    ])
      expect(parameterOf(name)).toBeUndefined();
  });
});

test("the padding's rows of words and positions get no gradient; without a padding there are no positions", () => {
  const rows = (changes: object) =>
    roberta.open({ ...tiny, ...changes }, { file }).specs.flatMap(({ kind, rowWithoutGradient = null }) => {
      return kind === "table" ? [rowWithoutGradient] : [];
    });
  expect([rows({}), rows({ pad_token_id: 5 })]).toEqual([
    [1, 1, null],
    [5, 5, null],
  ]);
  expect(roberta.open({ ...tiny, pad_token_id: 5 }, { file }).sizes.longest).toBe(12);
  expect(() => rows({ pad_token_id: null })).toThrow(FormatError);
  expect(() => rows({ pad_token_id: null })).toThrow(
    `${file}: pad_token_id does not fit. Got null, expected an id from 0 to 39. Positions count the tokens that are not padding.`,
  );
  expect(() => rows({ max_position_embeddings: 3 })).toThrow("max_position_embeddings does not fit. Got 3");
  expect(() => rows({ hidden_act: "gelu_new" })).toThrow("Other RoBERTa models are not supported.");
});

test("tokens count from the row after the padding's; a padding that stands in a text has its row, and counts for none", async () => {
  await tfjs().start();
  const { specs, forward } = roberta.open({ ...tiny, num_hidden_layers: 0, pad_token_id: 4 }, { file });
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(specs, keyFromSeed(1))).map(([name, { values, shape }]) => {
      // Words and types say nothing, so that a row tells its position.
      const own = name.includes("position") || name.includes("LayerNorm") ? values : values.fill(0);
      return [name, tf.tensor(own, [...shape])] as const;
    }),
  );
  const states = (ids: number[], layout = packed([ids.length])) =>
    Float32Array.from(forward(parameters, { ids: Int32Array.from(ids) }, { layout }).dataSync());
  const row = (values: Float32Array, i: number) => values.slice(12 * i, 12 * (i + 1));
  const [plain, withPadding] = [states([7, 8, 9]), states([7, 4, 9, 4])];
  expect(row(withPadding, 0)).toEqual(row(plain, 0));
  expect(row(withPadding, 2)).toEqual(row(plain, 1));
  expect(row(withPadding, 1)).toEqual(row(withPadding, 3));
  expect(row(withPadding, 1)).not.toEqual(row(plain, 1));
  const twice = states([7, 9, 0, 8, 9, 8], padded([2, 3], 3)); // each text counts for itself, whatever lies under padding
  expect([row(twice, 1), row(twice, 3), row(twice, 5)]).toEqual([0, 0, 0].map((_, i) => row(plain, [1, 0, 2][i] ?? 0)));
});

test("a new model has room for 512 tokens, whatever its padding, and the epsilon of published models", () => {
  const sizes = { vocabulary: 50, hidden: 12, layers: 1, heads: 3, intermediate: 7 };
  for (const paddingId of [0, 1, 7]) {
    const encoder = roberta.open(roberta.newConfig({ ...sizes, paddingId }), { file });
    expect(encoder.sizes.longest).toBe(512);
    expect(encoder.configJson()).toMatchObject({ pad_token_id: paddingId, layer_norm_eps: 1e-5 });
  }
});
