import { ConfigError, nearestName } from "@kindred/errors";
import { concatFeatures, meanPool, segmentMax, weightedPool } from "@kindred/nn";
import type { Float, Layout } from "@kindred/tensor";
import { type PoolingMode, poolingModes } from "./pooling-mode.ts";
import { tokenWeights } from "./token-weights.ts";

/** What {@link pool} must be told. */
export type PoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** How; several modes are computed each and put side by side in the order given. */
  readonly mode: PoolingMode | readonly PoolingMode[];
};

/**
 * One vector a sentence, from its n token vectors x₁ … xₙ, `<s>` and `</s>` among them:
 *
 *     cls                   x₁
 *     max                   the largest value of each feature
 *     mean                  Σ xᵢ / n
 *     mean_sqrt_len_tokens  Σ xᵢ / √n
 *     weightedmean          Σ i·xᵢ / Σ i
 *     lasttoken             xₙ
 *
 * k modes give `"batch k·hidden"`. Rows of padding are never read. A sentence without tokens gives zeros in every mode
 * (sentence-transformers: −∞ for max, a row of padding for cls). Differentiable; of equal maxima the first gets the gradient.
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
 * ```
 */
export function pool(x: Float<"tokens hidden">, { layout, mode }: PoolOptions): Float<"batch hidden"> {
  const modes = typeof mode === "string" ? [mode] : mode;
  checkModes(modes);
  const pooled = modes.map((each) => poolOne(x, each, layout));
  return pooled.length === 1 && pooled[0] !== undefined ? pooled[0] : concatFeatures(pooled);
}

function poolOne(x: Float<"tokens hidden">, mode: PoolingMode, layout: Layout): Float<"batch hidden"> {
  if (mode === "mean") return meanPool(x, { layout });
  if (mode === "max") return segmentMax(x, { layout });
  return weightedPool(x, { layout, weights: tokenWeights(mode, layout) });
}

function checkModes(modes: readonly string[]): void {
  const unknown = modes.find((mode) => !(poolingModes as readonly string[]).includes(mode));
  if (modes.length > 0 && unknown === undefined) return;
  const nearest = unknown === undefined ? undefined : nearestName(unknown, poolingModes);
  throw new ConfigError(
    `pool: ${unknown === undefined ? "no mode" : "unknown mode"}. Got ${unknown ?? "an empty list"}, expected one or more of ` +
      `${poolingModes.join(", ")}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
    { modes, nearest },
  );
}
