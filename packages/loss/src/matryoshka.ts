import { ConfigError, ShapeError } from "@kindred/errors";
import { add, l2Normalize, scale, sliceFeatures } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import { isKnownLoss, knownLoss, type Loss } from "./loss.ts";

/**
 * A loss on the first d dimensions of all vectors, summed over several d: vectors trained with it may be cut to any of these dimensions.
 *
 *     value = Σ_k weights[k] · loss(rows cut to dimensions[k], at length 1)
 *
 * `weights` are 1 by default. What the inner loss needs and trains stays as it is: vectors of a guide are not cut.
 *
 * A model that is trained with it says so in its `config.json` (`matryoshka_dimensions`), which servers read.
 *
 * As sentence-transformers' `MatryoshkaLoss`, which also brings the cut rows to length 1, for the whole dimension too: dot products inside
 * are cosines.
 *
 * @throws ConfigError unless dimensions are different whole numbers from 1 up, one at least, with a weight above 0 for each. The value
 * throws a ShapeError if a dimension is more than the vectors have.
 * @see Kusupati et al. (2022), Matryoshka representation learning, equation 1.
 *
 * @example
 * ```ts
 * import { type Loss, lossShare, matryoshka } from "@kindred/loss";
 * import { scale, sum } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const mean: Loss = {
 *   name: "mean", options: {}, over: "batch", needs: { texts: { least: 1 } },
 *   value: ([rows], { totalRows }) => scale(sum(rows!), 1 / totalRows),
 * };
 * await cpu().start();
 * lossShare(mean, [tf.tensor2d([[3, 4]])]).dataSync(); // => [7]
 * lossShare(matryoshka(mean, [2, 1]), [tf.tensor2d([[3, 4]])]).dataSync(); // => [2.4]
 * ```
 */
export function matryoshka(
  loss: Loss,
  dimensions: readonly number[],
  weights: readonly number[] = dimensions.map(() => 1),
): Loss {
  checkChoice(dimensions, weights);
  const cut: Loss = {
    ...loss,
    name: "matryoshka",
    options: { loss: { name: loss.name, options: loss.options }, dimensions, weights },
    matryoshkaDimensions: dimensions,
    value: (columns, context) => {
      const values = dimensions.map((dimension, k) => {
        const shorter = columns.map((column) => cutTo(dimension, column));
        return scale(loss.value(shorter, context), weights[k] ?? 1); // there is one for each
      });
      return values.reduce(add);
    },
  };
  return isKnownLoss(loss) ? knownLoss(cut) : cut;
}

function checkChoice(dimensions: readonly number[], weights: readonly number[]): void {
  const whole = dimensions.every((dimension) => Number.isInteger(dimension) && dimension >= 1);
  const fits = dimensions.length > 0 && weights.length === dimensions.length;
  if (whole && fits && new Set(dimensions).size === dimensions.length && weights.every((w) => w > 0 && w < Infinity)) {
    return;
  }
  throw new ConfigError(
    `matryoshka: no choice of dimensions. Got dimensions [${dimensions.join(", ")}] with weights [${weights.join(", ")}], expected different ` +
      "whole numbers from 1 up, e.g. [768, 256, 64], and a weight above 0 for each.",
    { dimensions, weights },
  );
}

/** The first numbers of every row, at length 1. */
function cutTo(dimension: number, rows: Float<"batch hidden">): Float<"batch hidden"> {
  const { hidden } = expectShapes("matryoshka", { vectors: [rows, "batch hidden", "float32"] });
  if (dimension <= hidden) return l2Normalize(sliceFeatures(rows, 0, dimension));
  throw new ShapeError(
    `matryoshka: the vectors are shorter than a dimension. Got vectors of ${hidden} and dimension ${dimension}, expected dimensions of at most ${hidden}.`,
    { hidden, dimension },
  );
}
