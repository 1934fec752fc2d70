import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** A run of rows or of features: where it starts, how long it is, and how many there are in all. */
export type SliceFixed = { readonly start: number; readonly count: number; readonly size: number };

function expectRun(name: string, x: Float, { start, count }: SliceFixed, axis: "rows" | "hidden"): void {
  const { [axis]: size } = expectShapes(name, { x: [x, "rows hidden", "float32"] });
  if (Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 1 && start + count <= size) return;
  const what = axis === "rows" ? "rows" : "features";
  throw new ShapeError(
    `${name}: not a run of x's ${what}. Got start ${start}, count ${count}, x "rows hidden" = [${x.shape.join(", ")}], expected ` +
      `one at least, and all within 0 to ${size - 1}. Check where the run was counted.`,
    { start, count, size },
  );
}

/** {@link sliceRows} as an op that a backend may implement. */
export const sliceRowsOp = defineOp<{ x: Float }, None, SliceFixed, Float>({
  name: "KindredSliceRows",
  check: ({ x }, _, fixed) => expectRun("sliceRows", x, fixed, "rows"),
  composite: ({ x }, _, { start, count }) => tf.slice<tf.Rank, tf.Tensor>(x, [start, 0], [count, -1]),
  gradient: (dy, _saved, _, { start, count, size }) => ({
    x: () =>
      tf.pad(dy, [
        [start, size - start - count],
        [0, 0],
      ]),
  }),
});

/** {@link sliceFeatures} as an op that a backend may implement. */
export const sliceFeaturesOp = defineOp<{ x: Float }, None, SliceFixed, Float>({
  name: "KindredSliceFeatures",
  check: ({ x }, _, fixed) => expectRun("sliceFeatures", x, fixed, "hidden"),
  composite: ({ x }, _, { start, count }) => tf.slice<tf.Rank, tf.Tensor>(x, [0, start], [-1, count]),
  gradient: (dy, _saved, _, { start, count, size }) => ({
    x: () =>
      tf.pad(dy, [
        [0, 0],
        [start, size - start - count],
      ]),
  }),
});

/**
 * A run of rows: y[i] = x[start + i] for i = 0 … count − 1. The other rows' gradient is zero. The caller may call the
 * rows of the result as he likes.
 *
 * @throws ShapeError when the run is empty or leaves x
 *
 * @example
 * ```ts
 * import { sliceRows } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * sliceRows(tf.tensor2d([[1, 2], [3, 4], [5, 6]]), 1, 2).dataSync(); // => [3, 4, 5, 6]
 * ```
 */
export function sliceRows<Features extends string, Rows extends string = "count">(
  x: Float<`${string} ${Features}`>,
  start: number,
  count: number,
): Float<`${Rows} ${Features}`> {
  return sliceRowsOp({ x }, {}, { start, count, size: x.shape[0] ?? 0 });
}

/**
 * A run of features of every row: y[row, i] = x[row, start + i] for i = 0 … count − 1. The others' gradient is zero.
 *
 * @throws ShapeError when the run is empty or leaves x
 *
 * @example
 * ```ts
 * import { sliceFeatures } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * sliceFeatures(tf.tensor2d([[1, 2, 3], [4, 5, 6]]), 0, 2).dataSync(); // => [1, 2, 4, 5]
 * ```
 */
export function sliceFeatures<Rows extends string, Features extends string = "hidden">(
  x: Float<`${Rows} ${string}`>,
  start: number,
  count: number,
): Float<`${Rows} ${Features}`> {
  return sliceFeaturesOp({ x }, {}, { start, count, size: x.shape[1] ?? 0 });
}
