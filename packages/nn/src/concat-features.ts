import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

type Parts = { readonly [index: string]: Float };

/** {@link concatFeatures} as an op that a backend may implement: inputs `"0"`, `"1"`, … in this order, `sizes` features each. */
export const concatFeaturesOp = defineOp<Parts, None, { readonly sizes: readonly number[] }, Float>({
  name: "KindredConcatFeatures",
  check: (parts) => {
    const shapes = Object.values(parts).map(({ shape }) => shape);
    const rows = shapes[0]?.[0];
    const fits = shapes.every((shape) => shape.length === 2 && shape[0] === rows && shape[1] !== 0);
    if (shapes.length > 0 && rows !== 0 && fits) return;
    throw new ShapeError(
      `concatFeatures: parts don't fit side by side. Got ${shapes.map((shape) => `[${shape.join(", ")}]`).join(", ") || "none"}, ` +
        'expected one part at least, each "rows hidden" with features, and one number of rows. Do they hold the same sentences?',
      { shapes },
    );
  },
  composite: (parts) =>
    tf.concat(
      Object.keys(parts).map((_, i) => parts[i] as tf.Tensor2D),
      1,
    ),
  gradient: (dy, _saved, _, { sizes }) => {
    let start = 0;
    const slices = sizes.map((size, i) => {
      const from = start;
      start += size;
      return [i, () => tf.slice(dy, [0, from], [-1, size])];
    });
    return Object.fromEntries(slices);
  },
});

/**
 * Several tensors side by side: every row is the first one's row, then the second one's, and so on.
 *
 * @throws ShapeError when there is no part, a part has no feature, or the numbers of rows differ
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
