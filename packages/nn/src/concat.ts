import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

type Parts = { readonly [index: string]: Float };

/** The axis of rows, or of features, along which parts follow each other. */
type Axis = 0 | 1;

function expectParts(parts: Parts, axis: Axis, [problem, rule]: readonly [problem: string, rule: string]): void {
  const all = Object.values(parts);
  const across = all[0]?.shape[1 - axis];
  const fits = ({ shape, dtype, size }: Float) =>
    dtype === "float32" && shape.length === 2 && size > 0 && shape[1 - axis] === across;
  if (all.length > 0 && all.every(fits)) return;
  const shapes = all.map(({ shape }) => shape);
  const got = all.map(({ shape, dtype }) => `${dtype === "float32" ? "" : dtype}[${shape.join(", ")}]`).join(", ");
  throw new ShapeError(
    `${problem}. Got ${got || "none"}, expected one part at least, each a float32 "rows hidden" with ${rule}`,
    { shapes },
  );
}

function join(parts: Parts, axis: Axis): tf.Tensor {
  return tf.concat(
    Object.keys(parts).map((_, i) => parts[i] as tf.Tensor2D), // "0", "1", …
    axis,
  );
}

/** Each part's gradient by its index: its run of dy. */
function cut(dy: Float, lengths: readonly number[], axis: Axis): { [index: string]: () => Float } {
  let start = 0;
  const slices = lengths.map((length, i) => {
    const from = start;
    start += length;
    const slice = () => (axis === 0 ? tf.slice(dy, [from, 0], [length, -1]) : tf.slice(dy, [0, from], [-1, length]));
    return [i, slice];
  });
  return Object.fromEntries(slices);
}

/** {@link concatRows} as an op that a backend may implement: inputs `"0"`, `"1"`, … in this order, `counts` rows each. */
export const concatRowsOp = defineOp<Parts, None, { readonly counts: readonly number[] }, Float>({
  name: "KindredConcatRows",
  check: (parts) =>
    expectParts(parts, 0, [
      "concatRows: parts don't fit on top of each other",
      "rows, and one size for hidden. Were they made by one model?",
    ]),
  composite: (parts) => join(parts, 0),
  gradient: (dy, _saved, _, { counts }) => cut(dy, counts, 0),
});

/** {@link concatFeatures} as an op that a backend may implement: inputs `"0"`, `"1"`, … in this order, `sizes` features each. */
export const concatFeaturesOp = defineOp<Parts, None, { readonly sizes: readonly number[] }, Float>({
  name: "KindredConcatFeatures",
  check: (parts) =>
    expectParts(parts, 1, [
      "concatFeatures: parts don't fit side by side",
      "features, and one number of rows. Do they hold the same sentences?",
    ]),
  composite: (parts) => join(parts, 1),
  gradient: (dy, _saved, _, { sizes }) => cut(dy, sizes, 1),
});

/**
 * Several tensors on top of each other: the rows of the first, then those of the second, and so on.
 *
 * @throws ShapeError when there is no part, a part is empty or not float32, or rows differ in length
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

/**
 * Several tensors side by side: every row is the first one's row, then the second one's, and so on.
 *
 * @throws ShapeError when there is no part, a part is empty or not float32, or the numbers of rows differ
 *
 * @example
 * ```ts
 * import { concatFeatures } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * concatFeatures([tf.tensor2d([[1], [2]]), tf.tensor2d([[3, 4], [5, 6]])]).dataSync(); // => [1, 3, 4, 2, 5, 6]
 * ```
 */
export function concatFeatures<Rows extends string, Features extends string = "features">(
  parts: readonly Float<`${Rows} ${string}`>[],
): Float<`${Rows} ${Features}`> {
  return concatFeaturesOp({ ...parts } as unknown as Parts, {}, { sizes: parts.map(({ shape }) => shape[1] ?? 0) });
}
