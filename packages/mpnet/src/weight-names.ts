import type { MpnetConfig } from "./mpnet-config.ts";

/** A weight of the model: its bare Hugging Face name, and its shape. */
export type WeightShape = { readonly name: string; readonly shape: readonly number[] };

/**
 * The weights of an MPNet encoder by the names of Hugging Face's `MPNetModel`, in the order in which data meets them, with shapes.
 *
 * Weights of linear maps are `[out, in]`. The pooler, which sentence-transformers stores and never uses, is included on request.
 *
 * @example
 * ```ts
 * import { mpnetConfig, weightNames } from "@kindred/mpnet";
 *
 * const weights = weightNames(mpnetConfig({ model_type: "mpnet" }));
 * weights[0]; // => { name: "embeddings.word_embeddings.weight", shape: [30527, 768] }
 * weights.length; // => 197
 * ```
 */
export function weightNames(
  config: MpnetConfig,
  { pooler = false }: { /** Include the pooler. Default false. */ readonly pooler?: boolean } = {},
): WeightShape[] {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const linear = (name: string, out: number, input: number): WeightShape[] => [
    { name: `${name}.weight`, shape: [out, input] },
    { name: `${name}.bias`, shape: [out] },
  ];
  const layerNorm = (name: string): WeightShape[] => [
    { name: `${name}.weight`, shape: [hidden] },
    { name: `${name}.bias`, shape: [hidden] },
  ];
  const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => {
    const layer = `encoder.layer.${i}`;
    return [
      ...["q", "k", "v", "o"].flatMap((part) => linear(`${layer}.attention.attn.${part}`, hidden, hidden)),
      ...layerNorm(`${layer}.attention.LayerNorm`),
      ...linear(`${layer}.intermediate.dense`, intermediate, hidden),
      ...linear(`${layer}.output.dense`, hidden, intermediate),
      ...layerNorm(`${layer}.output.LayerNorm`),
    ];
  });
  return [
    { name: "embeddings.word_embeddings.weight", shape: [config.vocabSize, hidden] },
    { name: "embeddings.position_embeddings.weight", shape: [config.maxPositionEmbeddings, hidden] },
    ...layerNorm("embeddings.LayerNorm"),
    {
      name: "encoder.relative_attention_bias.weight",
      shape: [config.relativeAttentionNumBuckets, config.numAttentionHeads],
    },
    ...layers.flat(),
    ...(pooler ? linear("pooler.dense", hidden, hidden) : []),
  ];
}
