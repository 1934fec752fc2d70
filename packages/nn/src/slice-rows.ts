import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** {@link sliceRows} as an op that a backend may implement. */
export const sliceRowsOp = defineOp<
  { x: Float },
  None,
  { readonly start: number; readonly count: number; readonly rowCount: number },
  Float
>({
  name: "KindredSliceRows",
  check: ({ x }, _, { start, count }) => {
    const { rows } = expectShapes("sliceRows", { x: [x, "rows hidden", "float32"] });
    if (Number.isInteger(start) && Number.isInteger(count) && start >= 0 && count >= 1 && start + count <= rows) return;
    throw new ShapeError(
      `sliceRows: not a run of x's rows. Got start ${start}, count ${count}, x "rows hidden" = [${x.shape.join(", ")}], expected ` +
        `at least one row, and all within 0 to ${rows - 1}. Check where the run was counted.`,
      { start, count, rows },
    );
  },
  composite: ({ x }, _, { start, count }) => tf.slice<tf.Rank, tf.Tensor>(x, [start, 0], [count, x.shape[1]!]),
  gradient: (dy, _saved, _, { start, count, rowCount }) => ({
    x: () =>
      tf.pad(dy, [
        [start, rowCount - start - count],
        [0, 0],
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
  return sliceRowsOp({ x }, {}, { start, count, rowCount: x.shape[0]! });
}
