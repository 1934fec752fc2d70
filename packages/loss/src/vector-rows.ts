import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { VectorRows } from "./loss-share.ts";

/**
 * The vectors that a guide or a teacher gave a column's texts, as rows without a gradient: 4 bytes · rows · dimension, freed with the loss.
 *
 * @example
 * ```ts
 * import { vectorRows } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 *
 * await cpu().start();
 * vectorRows({ embeddings: Float32Array.of(1, 2, 3, 4, 5, 6), dimension: 3 }).arraySync(); // => [[1, 2, 3], [4, 5, 6]]
 * ```
 */
export function vectorRows({ embeddings, dimension }: VectorRows): Float<"batch hidden"> {
  return tf.tensor2d(embeddings, [embeddings.length / dimension, dimension]);
}
