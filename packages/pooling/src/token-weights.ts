import { type Layout, sentencesOf } from "@kindred/tensor";

/** The modes in which the sentence's vector is a sum of its tokens' vectors with weights that depend on places alone. */
export type WeightedMode = "cls" | "mean_sqrt_len_tokens" | "weightedmean" | "lasttoken";

/** The weight of the token at `position`, counted from 0, in a sentence of `length` tokens. */
const weightOf: { readonly [mode in WeightedMode]: (position: number, length: number) => number } = {
  cls: (position) => (position === 0 ? 1 : 0),
  lasttoken: (position, length) => (position === length - 1 ? 1 : 0),
  mean_sqrt_len_tokens: (_, length) => 1 / Math.sqrt(length),
  weightedmean: (position, length) => (position + 1) / ((length * (length + 1)) / 2),
};

/** One weight for each row that the layout numbers; 0 for padding. */
export function tokenWeights(mode: WeightedMode, { fixed, data }: Layout): Float32Array {
  const weights = new Float32Array(fixed.rows);
  for (const { start, length } of sentencesOf(data)) {
    for (let position = 0; position < length; position++) weights[start + position] = weightOf[mode](position, length);
  }
  return weights;
}
