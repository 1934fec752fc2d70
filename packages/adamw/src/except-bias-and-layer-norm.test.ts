import { expect, test } from "vitest";
import { exceptBiasAndLayerNorm } from "./index.ts";

test("of an MPNet's weights, those of linears and embeddings decay", () => {
  const names = [
    "embeddings.word_embeddings.weight",
    "embeddings.LayerNorm.weight",
    "embeddings.LayerNorm.bias",
    "encoder.layer.0.attention.attn.q.weight",
    "encoder.layer.0.attention.attn.q.bias",
    "encoder.layer.0.attention.LayerNorm.weight",
    "encoder.relative_attention_bias.weight",
    "layer_norm.weight",
  ];
  expect(names.filter(exceptBiasAndLayerNorm)).toEqual([names[0], names[3]]);
});
