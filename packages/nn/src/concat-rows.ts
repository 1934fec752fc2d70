import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

type Parts = { readonly [index: string]: Float };

/** {@link concatRows} as an op that a backend may implement: inputs `"0"`, `"1"`, … in this order, `counts` rows each. */
export const concatRowsOp = defineOp<Parts, None, { readonly counts: readonly number[] }, Float>({
  name: "KindredConcatRows",
  check: (parts) => {
    const shapes = Object.values(parts).map(({ shape }) => shape);
    const hidden = shapes[0]?.[1];
    if (shapes.length > 0 && shapes.every((shape) => shape.length === 2 && shape[0] !== 0 && shape[1] === hidden))
      return;
    throw new ShapeError(
      `concatRows: parts don't fit on top of each other. Got ${shapes.map((shape) => `[${shape.join(", ")}]`).join(", ") || "none"}, ` +
        'expected one part at least, each "rows hidden" with rows, and one size for hidden. Were they made by one model?',
      { shapes },
    );
  },
  composite: (parts) => tf.concat(inOrder(parts), 0),
  gradient: (dy, _saved, _, { counts }) => {
    let start = 0;
    const slices = counts.map((count, i) => {
      const from = start;
      start += count;
      return [i, () => tf.slice(dy, [from, 0], [count, -1])];
    });
    return Object.fromEntries(slices);
  },
});

function inOrder(parts: Parts): tf.Tensor2D[] {
  return Object.keys(parts).map((_, i) => parts[i] as tf.Tensor2D);
}

/**
 * Several tensors on top of each other: the rows of the first, then those of the second, and so on.
 *
 * @throws ShapeError when there is no part, a part has no row, or rows differ in length
 *
 * @example
 * ```ts
 * import { concatRows } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * concatRows([tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 4], [5, 6]])]).shape; // => [3, 2]
 * ```
 */
export function concatRows<Features extends string, Rows extends string = "rows">(
  parts: readonly Float<`${string} ${Features}`>[],
): Float<`${Rows} ${Features}`> {
  return concatRowsOp({ ...parts } as unknown as Parts, {}, { counts: parts.map(({ shape }) => shape[0] ?? 0) });
}
