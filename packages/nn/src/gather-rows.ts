import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { embeddingGradientOp } from "./embedding.ts";

/** {@link gatherRows} as an op that a backend may implement. */
export const gatherRowsOp = defineOp<
  { x: Float },
  { readonly chosen: Int32Array },
  { readonly rowCount: number },
  Float
>({
  name: "KindredGatherRows",
  check: ({ x }, { chosen }) => {
    const { rows } = expectShapes("gatherRows", { x: [x, "rows hidden", "float32"] });
    const bad = chosen.findIndex((row) => row < 0 || row >= rows);
    if (chosen.length > 0 && bad < 0) return;
    throw new ShapeError(
      `gatherRows: no such row. Got ${bad < 0 ? "no row numbers" : `row ${chosen[bad]} at ${bad}`}, x "rows hidden" = ` +
        `[${x.shape.join(", ")}], expected rows from 0 to ${rows - 1}, one at least. Does the layout belong to x?`,
      { at: bad, row: chosen[bad], rows },
    );
  },
  composite: ({ x }, { chosen }) => tf.gather<tf.Tensor>(x, tf.tensor1d(chosen, "int32")),
  gradient: (dy, _saved, { chosen }, { rowCount }) => ({
    x: () => embeddingGradientOp({ dy }, { ids: chosen }, { vocab: rowCount }),
  }),
});

/**
 * Some rows of x, in the order asked for: y[i] = x[chosen[i]]. A row may come more than once; its gradients add up. The
 * caller may call the rows of the result as he likes.
 *
 * @param chosen not to be written before the backward pass is over
 * @throws ShapeError when a row is not there, or none is asked for
 *
 * @example
 * ```ts
 * import { gatherRows } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * gatherRows(tf.tensor2d([[1, 2], [3, 4]]), Int32Array.of(1, 1)).dataSync(); // => [3, 4, 3, 4]
 * ```
 */
export function gatherRows<Features extends string, Rows extends string = "chosen">(
  x: Float<`${string} ${Features}`>,
  chosen: Int32Array,
): Float<`${Rows} ${Features}`> {
  const [rowCount = 0] = x.shape;
  return gatherRowsOp({ x }, { chosen }, { rowCount });
}
