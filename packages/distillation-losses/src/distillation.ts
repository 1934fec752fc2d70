import { knownLoss, type Loss, lossOptions, weightedSum } from "@kindred/loss";
import * as v from "valibot";
import { embeddingDistillation, type EmbeddingDistillationOptions } from "./embedding-distillation.ts";
import { scoreMatching, type ScoreMatchingOptions } from "./score-matching.ts";

/** Every choice in {@link distillation}. */
export type DistillationOptions = Pick<EmbeddingDistillationOptions, "distance" | "dimension"> &
  Pick<ScoreMatchingOptions, "scale" | "teacherScale"> & {
    /** What score matching counts for beside the distance to the teacher's vectors; 0 = nothing. Default 1. */
    readonly scoreWeight?: number;
  };

const factor = v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()), 20);
const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "mse", "euclidean"]), "cosine"),
  dimension: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  scale: factor,
  teacherScale: v.optional(v.pipe(v.number(), v.gtValue(0), v.finite())),
  scoreWeight: v.optional(v.pipe(v.number(), v.minValue(0), v.finite()), 1),
});

/**
 * A student's vectors should be its teacher's, and its neighbours too.
 *
 *     loss = embeddingDistillation + scoreWeight · scale² · scoreMatching
 *
 * with score matching against the teacher's cosines among the texts of the batch. The first says where a text is, the second in which order
 * others stand around it: where the student is too small to be right everywhere, it is told which errors change an order. Texts alone are
 * needed. `scale²` takes out the division by it in `scoreMatching`, so that both have gradients of like size: `scoreWeight` is of the
 * divergence itself, in nats a text.
 *
 * In the teacher's own space (the student's vectors as long as the teacher's) either finds what the other encoded.
 *
 * @throws ConfigError for an option out of range
 * @see Kim et al. (2023), EmbedDistill, equation 7; Hinton, Vinyals, Dean (2015), section 2; Vujanic, Rueckstiess (2025), LEAF, arXiv 2509.12539.
 *
 * @example
 * ```ts
 * import { distillation } from "@kindred/distillation-losses";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const student = [tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2])];
 * const vectors = { teacher: [{ embeddings: Float32Array.of(2, 0, 0, 1, 0, 1), dimension: 2 }] };
 * lossShare(distillation({ scale: 5, scoreWeight: 0.1 }), student, { vectors }).dataSync(); // => [0.1566]
 * lossShare(distillation({ scoreWeight: 0 }), student, { vectors }).dataSync(); // => [0.0976]
 * ```
 */
export function distillation(given: DistillationOptions = {}): Loss {
  const options = lossOptions("distillation", rules, given);
  const { distance, dimension, scale, teacherScale = scale, scoreWeight } = options;
  const near = embeddingDistillation({ distance, ...(dimension !== undefined && { dimension }) });
  const matching = scoreMatching({ targets: "teacher", scale, teacherScale });
  const sum = weightedSum("distillation", [
    { loss: near, weight: 1 },
    ...(scoreWeight === 0 ? [] : [{ loss: matching, weight: scoreWeight * scale * scale }]),
  ]);
  return knownLoss({ ...sum, options: { distance, scale, teacherScale, scoreWeight } });
}
