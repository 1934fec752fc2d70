/**
 * The bare name of a stored weight, as `weightNames` gives it; undefined for what is no weight of the encoder.
 *
 * Masked-LM checkpoints such as microsoft/mpnet-base put `mpnet.` in front of every name and have an `lm_head` of their own;
 * checkpoints of 2021 hold the buffer `embeddings.position_ids`. The pooler's name is given back: it is a weight, though unused.
 *
 * @example
 * ```ts
 * import { canonicalWeightName } from "@kindred/mpnet";
 *
 * canonicalWeightName("mpnet.embeddings.LayerNorm.bias"); // => "embeddings.LayerNorm.bias"
 * canonicalWeightName("lm_head.dense.weight"); // => undefined
 * ```
 */
export function canonicalWeightName(storedName: string): string | undefined {
  const name = storedName.replace(/^mpnet\./, "");
  if (name === "embeddings.position_ids") return undefined;
  return /^(embeddings|encoder|pooler)\./.test(name) ? name : undefined;
}
