import { ConfigError } from "@kindred/errors";
import { knownLoss, type Loss, lossOptions } from "@kindred/loss";
import { relu, scale, shift, subtract, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { distanceMatrix } from "./distances.ts";

/** Every choice in {@link batchHardTriplet}. */
export type BatchHardTripletOptions = {
  /** Default "euclidean". */
  readonly distance?: "cosine" | "euclidean";
  /** How much farther another class should be than the own one. Default 5, for Euclidean distances of vectors of any length. */
  readonly margin?: number;
  /** "hard": what is missing to the margin. "soft": log(1 + eˣ) of the difference, without a margin. Default "hard". */
  readonly edge?: "hard" | "soft";
};

const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "euclidean"]), "euclidean"),
  margin: v.optional(v.pipe(v.number(), v.minValue(0), v.finite())),
  edge: v.optional(v.picklist(["hard", "soft"]), "hard"),
});

/**
 * The triplet loss of labelled texts, each with the hardest of its batch: the farthest of its own class, and the nearest of another.
 *
 *     loss = Σ_i max(0, max_{same class} d(i, j) − min_{other class} d(i, k) + margin) / B
 *
 * With a "soft" edge log(1 + exp(…)) without the margin. A row that is alone in its class has 0 for the farthest; a row of a batch
 * of one class has for the nearest the farthest of all. A loss over the batch. Batches should hold several rows of each class.
 *
 * As sentence-transformers' `BatchHardTripletLoss` and, with a soft edge, `BatchHardSoftMarginTripletLoss`.
 *
 * @throws ConfigError for an option out of range, and a margin with a soft edge
 * @see Hermans, Beyer, Leibe (2017), In defense of the triplet loss for person re-identification, equation 5 and section 2, "soft margin".
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { batchHardTriplet } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const texts = tf.tensor2d([[0, 0], [1, 0], [3, 0]]);
 * lossShare(batchHardTriplet({ margin: 2 }), [texts], { labels: Int32Array.of(7, 7, 8) }).dataSync(); // => [0.3333]
 * ```
 */
export function batchHardTriplet(given: BatchHardTripletOptions = {}): Loss {
  const { distance, edge, margin = 5 } = lossOptions("batch-hard-triplet", rules, given);
  if (edge === "soft" && given.margin !== undefined)
    throw new ConfigError(
      `batch-hard-triplet: a soft edge has no margin. Got ${JSON.stringify(given)}, expected one of edge "soft" and margin.`,
      { margin },
    );
  return knownLoss({
    name: "batch-hard-triplet",
    options: edge === "soft" ? { distance, edge } : { distance, margin, edge },
    over: "batch",
    needs: { texts: { least: 1, most: 1 }, labels: true },
    value: ([texts], { labels, totalRows }) => {
      const far = distanceMatrix(texts!, distance); // `!`: it takes one column
      const ofOwnClass = pairMask(labels, (i, j) => i !== j && labels[i] === labels[j]);
      const ofNoOther = pairMask(labels, (i, j) => labels[i] === labels[j]);
      const farthest = tf.max(tf.mul(far, ofOwnClass), 1);
      const nearest = tf.min(tf.add(far, tf.mul(tf.max(far, 1, true), ofNoOther)), 1);
      const excess: Float<"batch"> = subtract(farthest, nearest);
      return scale(sum(edge === "soft" ? tf.softplus(excess) : relu(shift(excess, margin))), 1 / totalRows);
    },
  });
}

/** 1 for the pairs of rows that are meant, else 0. */
function pairMask({ length }: Int32Array, isMeant: (i: number, j: number) => boolean): Float<"rows columns"> {
  const mask = new Float32Array(length * length);
  for (let i = 0; i < length; i++) for (let j = 0; j < length; j++) if (isMeant(i, j)) mask[i * length + j] = 1;
  return tf.tensor2d(mask, [length, length]);
}
