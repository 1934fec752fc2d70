import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type SequenceLayout } from "@kindred/tensor";
import { expectLayout } from "./expect-layout.ts";
import { weightedPoolGradientOp } from "./weighted-pool-gradient.ts";
import { sumSentences } from "./sum-sentences.ts";

/** What {@link weightedPool} must be told. */
export type WeightedPoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: SequenceLayout;
  /** One weight a row of x, padding included (those are not read). Constants: they get no gradient. Not to be written. */
  readonly weights: Float32Array;
};

/** {@link weightedPool} as an op that a backend may implement. */
export const weightedPoolOp = defineOp<{ x: Float<"tokens hidden"> }, WeightedPoolOptions, Float<"batch hidden">>({
  name: "KindredWeightedPool",
  check: ({ x }, { layout, weights }) => {
    const { tokens } = expectShapes("weightedPool", { x: [x, "tokens hidden", "float32"] });
    expectLayout("weightedPool", x, layout);
    if (weights.length === tokens) return;
    throw new ShapeError(
      `weightedPool: weights and rows don't fit. Got ${weights.length} weights, x "tokens hidden" = [${x.shape.join(", ")}], ` +
        "expected one weight a row. Give padding a weight too, it is not read.",
      { weights: weights.length, tokens },
    );
  },
  composite: ({ x }, { layout, weights }) => sumSentences(x, weights, layout),
  gradient: (dy, _saved, { layout, weights }) => ({ x: () => weightedPoolGradientOp({ dy }, { layout, weights }) }),
});

/**
 * The weighted sum of every sentence's rows: y[sentence] = Σ weights[token]·x[token] over its tokens.
 *
 * With 1/√length it is sentence-transformers' `mean_sqrt_len_tokens`, with position/Σ positions its `weightedmean`. Rows of padding
 * are not read, whatever they hold. A sentence of no tokens gives zeros.
 *
 * @throws ShapeError when the layout does not number x's rows, or there is not one weight a row
 *
 * @example
 * ```ts
 * import { weightedPool } from "@kindred/nn";
 * import { packedLayout, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const x = tf.tensor2d([[1, 2], [3, 4], [7, 9]]);
 * weightedPool(x, { layout: packedLayout([0, 2, 3]), weights: Float32Array.of(1, 10, 2) }).dataSync(); // => [31, 42, 14, 18]
 * ```
 */
export function weightedPool(x: Float<"tokens hidden">, options: WeightedPoolOptions): Float<"batch hidden"> {
  return weightedPoolOp({ x }, options);
}
