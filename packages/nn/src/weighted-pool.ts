import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type Layout, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import { expectLayout } from "./expect-layout.ts";
import { weightedPoolGradientOp } from "./weighted-pool-gradient.ts";
import { sumSentences } from "./sum-sentences.ts";

/** What {@link weightedPool} must be told. */
export type WeightedPoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** One weight a row of x, padding included (those are not read). Constants: they get no gradient. Not to be written. */
  readonly weights: Float32Array;
};

/** What changes with each batch: the layout's part, and the weights. */
export type WeightedPoolData = LayoutData & { readonly weights: Float32Array };

/** {@link weightedPool} as an op that a backend may implement. */
export const weightedPoolOp = defineOp<
  { x: Float<"tokens hidden"> },
  WeightedPoolData,
  LayoutFixed,
  Float<"batch hidden">
>({
  name: "KindredWeightedPool",
  check: ({ x }, { weights }, fixed) => {
    const { tokens } = expectShapes("weightedPool", { x: [x, "tokens hidden", "float32"] });
    expectLayout("weightedPool", x, fixed);
    if (weights.length === tokens) return;
    throw new ShapeError(
      `weightedPool: weights and rows don't fit. Got ${weights.length} weights, x "tokens hidden" = [${x.shape.join(", ")}], ` +
        "expected one weight a row. Give padding a weight too, it is not read.",
      { weights: weights.length, tokens },
    );
  },
  composite: ({ x }, data, fixed) => sumSentences(x, data.weights, data, fixed),
  gradient: (dy, _saved, data, fixed) => ({ x: () => weightedPoolGradientOp({ dy }, data, fixed) }),
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
export function weightedPool(
  x: Float<"tokens hidden">,
  { layout, weights }: WeightedPoolOptions,
): Float<"batch hidden"> {
  return weightedPoolOp({ x }, { ...layout.data, weights }, layout.fixed);
}
