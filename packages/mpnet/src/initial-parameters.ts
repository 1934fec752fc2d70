import { childKey, type Key, normal } from "@kindred/random";
import type { MpnetConfig } from "./mpnet-config.ts";
import { weightNames } from "./weight-names.ts";

/** The values of a weight, row by row, and its shape. */
export type WeightValues = { readonly shape: readonly number[]; readonly values: Float32Array };

/**
 * Random weights for a new model by their Hugging Face names, drawn as Hugging Face's `MPNetModel` draws them.
 *
 * Matrices and tables from a normal distribution of deviation `initializerRange` (not cut off), biases 0, layer norms 1 and 0, and
 * the padding row 0 in the word and the position table. Each weight is drawn from a key of its own, made from its name, so it
 * depends on key, name and shape alone.
 *
 * @example
 * ```ts
 * import { initialParameters, mpnetConfig } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 *
 * const config = mpnetConfig({ model_type: "mpnet", vocab_size: 100, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
 * const weights = initialParameters(config, keyFromSeed(1));
 * weights["embeddings.LayerNorm.weight"]; // => { shape: [8], values: [1, 1, 1, 1, 1, 1, 1, 1] }
 * ```
 */
export function initialParameters(
  config: MpnetConfig,
  key: Key,
  {
    pooler = false,
  }: { /** Include the pooler, which nothing here uses. Default false. */ readonly pooler?: boolean } = {},
): { [name: string]: WeightValues } {
  const weights = weightNames(config, { pooler }).map(({ name, shape }) => {
    const values = initialValues(name, shape, { config, key: childKey(key, name) });
    return [name, { shape, values }] as const;
  });
  return Object.fromEntries(weights);
}

function initialValues(
  name: string,
  shape: readonly number[],
  { config, key }: { readonly config: MpnetConfig; readonly key: Key },
): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.length === 1) return new Float32Array(count).fill(name.endsWith("LayerNorm.weight") ? 1 : 0);
  const values = normal(key, count, { standardDeviation: config.initializerRange });
  const { hiddenSize, padTokenId } = config;
  if (/\.(word|position)_embeddings\./.test(name))
    values.fill(0, padTokenId * hiddenSize, (padTokenId + 1) * hiddenSize);
  return values;
}
