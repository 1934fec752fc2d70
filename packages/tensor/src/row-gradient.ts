import type { Float } from "./named-axes.ts";

/** The gradient of a table of which few rows were used: zero but for these. */
export type RowGradient = {
  /** The table's row that each row of `values` belongs to. One that comes several times gets their sum; below 0 is left out. */
  readonly rows: Int32Array;
  readonly values: Float<"rows hidden">;
};

/** A gradient function's closure that can also tell its result row by row. */
export type RowGradientClosure = (() => Float) & { readonly byRows: RowGradient };

/**
 * A closure for an op's `gradient` whose result is zero in most rows: `dense` makes the whole of it, and whoever asked
 * {@link valueAndGradients} for row gradients gets `gradient` without it.
 *
 * `gradient.values` must be the incoming dy, or another tensor that is there when the gradient function returns.
 *
 * @example
 * ```ts
 * import { cpu, rowGradient } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const closure = rowGradient({ rows: Int32Array.of(1), values: tf.tensor2d([[5, 6]]) }, () => tf.tensor2d([[0, 0], [5, 6]]));
 * closure().dataSync(); // => [0, 0, 5, 6]
 * closure.byRows.rows; // => [1]
 * ```
 */
export function rowGradient(gradient: RowGradient, dense: () => Float): RowGradientClosure {
  return Object.assign(() => dense(), { byRows: gradient });
}
