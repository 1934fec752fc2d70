import type { LossData } from "@kindred/loss";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The teacher's vectors of a column's texts, as constants. */
export function teacherRows({ vectors }: Pick<LossData, "vectors">, column: number): Float<"batch hidden"> {
  const { embeddings, dimension } = vectors["teacher"]![column]!; // a loss that needs them is given them for every column
  return tf.tensor2d(embeddings, [embeddings.length / dimension, dimension]);
}
