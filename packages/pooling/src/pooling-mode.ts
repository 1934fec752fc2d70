/**
 * How one vector is made of a sentence's token vectors. The names are sentence-transformers' `pooling_mode`.
 */
export type PoolingMode = "cls" | "max" | "mean" | "mean_sqrt_len_tokens" | "weightedmean" | "lasttoken";

/**
 * All modes, in the order in which a configuration with several of the old switches concatenates them.
 *
 * @see UKPLab/sentence-transformers 6.2.0, `modules/pooling.py`: the order of its legacy keys, which is that of `forward` before 5.4.
 */
export const poolingModes: readonly PoolingMode[] = [
  "cls",
  "max",
  "mean",
  "mean_sqrt_len_tokens",
  "weightedmean",
  "lasttoken",
];
