import { knownLoss, type Loss, lossOptions } from "@kindred/loss";
import { absolute, add, l2Normalize, rowDot, scale as scaled, sliceFeatures, subtract } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { rankingLoss } from "./ranking-loss.ts";

/** Every choice in {@link angle}. */
export type AngleOptions = {
  /** Similarities are multiplied by it. Default 20. */
  readonly scale?: number;
  /**
   * false: rows are two texts with a score. true: they are a text, its match, and one or more that are none; matches count as scored 1 and
   * the others as scored 0. Default false.
   */
  readonly negatives?: boolean;
};

const rules = v.strictObject({
  scale: v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()), 20),
  negatives: v.optional(v.boolean(), false),
});

/**
 * AnglE: CoSENT by the angle between vectors taken as complex numbers, which has a slope where a cosine is nearly 1 or −1 and has none.
 *
 *     loss = log(1 + Σ exp(scale · (simᵢ − simⱼ)))        over all i, j with scoreᵢ < scoreⱼ
 *     sim  = |x·y + Σ_k (x_{h+k} y_k − x_k y_{h+k})|       of vectors at length 1, with h half their length
 *
 * The number k of a vector is the real part and the number h + k the imaginary part of one complex number; of an odd length the last real
 * part has none. A loss over the batch, in memory as `cosent`.
 *
 * As sentence-transformers' `AnglELoss`, whose similarity this is: the paper's, with both parts of the quotient added up.
 *
 * @throws ConfigError for an option out of range
 * @see Li, Li (2024), AoE: angle-optimized embeddings for semantic textual similarity, equations 6 to 8.
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { angle } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[1, 0], [1, 1]])]; // similarities |1 + 0| and |0.71 + 0.71|
 * lossShare(angle({ scale: 1 }), columns, { scores: Float32Array.of(5, 2) }).dataSync(); // => [0.9215]
 * ```
 */
export function angle(given: AngleOptions = {}): Loss {
  const options = lossOptions("angle", rules, given);
  const { scale, negatives } = options;
  return knownLoss({
    name: "angle",
    options,
    over: "batch",
    needs: negatives ? { texts: { least: 3 } } : { texts: { least: 2, most: 2 }, scores: "row" },
    value: ([first, ...others], { scores, totalRows }) => {
      const similarities = others.map((other) => scaled(angleSimilarities(first!, other), scale)); // `!`: it takes two columns at least
      const gold = negatives ? new Float32Array(others.length * totalRows).fill(1, 0, totalRows) : scores;
      return rankingLoss(tf.concat(similarities as tf.Tensor1D[]), gold); // as rowDot gives them
    },
  });
}

/** |cosine + sine| of each row of x with the same row of y. */
function angleSimilarities(x: Float<"batch hidden">, y: Float<"batch hidden">): Float<"batch"> {
  const { hidden } = expectShapes("angle", { x: [x, "batch hidden"], y: [y, "batch hidden"] });
  const [unitX, unitY] = [l2Normalize(x), l2Normalize(y)];
  const [half, rest] = [Math.ceil(hidden / 2), Math.floor(hidden / 2)];
  const cosine = rowDot(unitX, unitY);
  if (rest === 0) return absolute(cosine);
  const [realX, realY] = [sliceFeatures(unitX, 0, rest), sliceFeatures(unitY, 0, rest)];
  const [imaginaryX, imaginaryY] = [sliceFeatures(unitX, half, rest), sliceFeatures(unitY, half, rest)];
  const sine: Float<"batch"> = subtract(rowDot(imaginaryX, realY), rowDot(realX, imaginaryY));
  return absolute(add(cosine, sine));
}
