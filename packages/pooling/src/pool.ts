import { ConfigError, nearestName } from "@kindred/errors";
import { concatFeatures, meanPool, segmentMax, weightedPool } from "@kindred/nn";
import { type Float, type Layout, sentencesOf } from "@kindred/tensor";

/**
 * All modes, in the order in which a configuration with several of the old switches concatenates them.
 *
 * @see UKPLab/sentence-transformers 6.2.0, `modules/pooling.py`: the order of its legacy keys, which is that of `forward` before 5.4.
 */
export const poolingModes = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"] as const;

/** How one vector is made of a sentence's token vectors. The names are sentence-transformers' `pooling_mode`. */
export type PoolingMode = (typeof poolingModes)[number];

/** What {@link pool} must be told. */
export type PoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** How; several modes are computed each and put side by side in the order given. */
  readonly mode: PoolingMode | readonly PoolingMode[];
  /** How many of each sentence's first tokens are left out: those of a prompt, the first special token among them. Default: 0. */
  readonly promptLength?: number;
};

/**
 * One vector a sentence, from its n token vectors x₁ … xₙ, special tokens among them:
 *
 *     cls                   x₁
 *     max                   the largest value of each feature
 *     mean                  Σ xᵢ / n
 *     mean_sqrt_len_tokens  Σ xᵢ / √n
 *     weightedmean          Σ i·xᵢ / Σ i
 *     lasttoken             xₙ
 *
 * k modes give `"batch k·hidden"`. With `promptLength` p the tokens are xₚ₊₁ … xₙ, and i counts from the sentence's first token all
 * the same. Rows of padding are never read. A sentence without tokens gives zeros in every mode (sentence-transformers: −∞ for
 * max, a row of padding for cls). Differentiable; of equal maxima the first gets the gradient.
 *
 * @throws ConfigError for a mode that does not exist, or none; ShapeError if the layout does not number the rows of x.
 * @see Reimers, Gurevych (2019), Sentence-BERT, section 3; Muennighoff (2022), SGPT, section 3.1 (weightedmean).
 *
 * @example
 * ```ts
 * import { pool } from "@kindred/pooling";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 9], [4, 3], [5, 6]]); // a sentence of two tokens, one of one
 * const layout = packed([2, 1]);
 * pool(x, { layout, mode: "weightedmean" }).dataSync(); // => [3, 5, 5, 6]
 * pool(x, { layout, mode: ["cls", "max"] }).dataSync(); // => [1, 9, 4, 9, 5, 6, 5, 6]
 * pool(x, { layout, mode: "mean", promptLength: 1 }).dataSync(); // => [4, 3, 0, 0]
 * ```
 */
export function pool(
  x: Float<"tokens hidden">,
  { layout, mode, promptLength = 0 }: PoolOptions,
): Float<"batch hidden"> {
  const modes = typeof mode === "string" ? [mode] : mode;
  checkModes(modes);
  const counted = promptLength === 0 ? layout : afterPrompt(layout, promptLength);
  const pooled = modes.map((each) => poolOne(x, each, { layout: counted, promptLength }));
  const [only, ...others] = pooled;
  return only !== undefined && others.length === 0 ? only : concatFeatures(pooled);
}

/** The same rows, of which a prompt's belong to no sentence. */
function afterPrompt({ form, fixed, data: { segments: _, ...data } }: Layout, promptLength: number): Layout {
  const lengths = data.lengths.map((length) => Math.max(length - promptLength, 0));
  const starts = data.starts.map((start, i) => start + (data.lengths[i] ?? 0) - (lengths[i] ?? 0));
  return { form, fixed, data: { ...data, starts, lengths } };
}

type OneOptions = Required<Omit<PoolOptions, "mode">>;

function poolOne(x: Float<"tokens hidden">, mode: PoolingMode, { layout, promptLength }: OneOptions) {
  if (mode === "mean") return meanPool(x, { layout });
  if (mode === "max") return segmentMax(x, { layout });
  return weightedPool(x, { layout, weights: tokenWeights(mode, { layout, promptLength }) });
}

/** The weight of the token at `position`, counted from 0, of `length` tokens that follow `prompt` others. */
const weightOf: {
  readonly [mode in Exclude<PoolingMode, "max" | "mean">]: (position: number, length: number, prompt: number) => number;
} = {
  cls: (position) => (position === 0 ? 1 : 0),
  lasttoken: (position, length) => (position === length - 1 ? 1 : 0),
  mean_sqrt_len_tokens: (_, length) => 1 / Math.sqrt(length),
  weightedmean: (position, length, prompt) => (prompt + position + 1) / ((length * (2 * prompt + length + 1)) / 2),
};

/** One weight for each row that the layout numbers; 0 for padding and prompts. */
function tokenWeights(mode: keyof typeof weightOf, { layout, promptLength }: OneOptions): Float32Array {
  const weights = new Float32Array(layout.fixed.rows);
  for (const { start, length } of sentencesOf(layout.data)) {
    for (let position = 0; position < length; position++)
      weights[start + position] = weightOf[mode](position, length, promptLength);
  }
  return weights;
}

function checkModes(modes: readonly string[]): void {
  const unknown = modes.find((mode) => !poolingModes.some((known) => known === mode));
  if (modes.length > 0 && unknown === undefined) return;
  const nearest = unknown === undefined ? undefined : nearestName(unknown, poolingModes);
  throw new ConfigError(
    `pool: ${unknown === undefined ? "no mode" : "unknown mode"}. Got ${unknown ?? "an empty list"}, expected one or more of ` +
      `${poolingModes.join(", ")}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
    { modes, nearest },
  );
}
