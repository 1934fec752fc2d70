import { defineOp, expectShapes, type Float, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";
import type { PoolOptions } from "./mean-pool.ts";
import { perSentence } from "./per-sentence.ts";
import { segmentMaxGradientOp } from "./segment-max-gradient.ts";

/** {@link segmentMax} as an op that a backend may implement. */
export const segmentMaxOp = defineOp<{ x: Float<"tokens hidden"> }, LayoutData, LayoutFixed, Float<"batch hidden">>({
  name: "KindredSegmentMax",
  check: ({ x }, _, fixed) => {
    expectShapes("segmentMax", { x: [x, "tokens hidden", "float32"] });
    expectLayout("segmentMax", x, fixed);
  },
  composite: ({ x }, data, fixed) =>
    tf.concat(
      perSentence(data, fixed, ({ rows }) => {
        if (rows.length === 0) return tf.zeros<tf.Rank.R2>([1, x.shape[1]!]);
        return tf.max(tf.gather(x, tf.tensor1d(rows, "int32")), 0, true) as tf.Tensor2D;
      }),
      0,
    ),
  save: ["x"],
  gradient: (dy, { x }, data, fixed) => ({ x: () => segmentMaxGradientOp({ dy, x }, data, fixed) }),
});

/**
 * The largest value of every feature in every sentence: y[sentence, feature] = max x[token, feature] over its tokens.
 *
 * Rows of padding are not read. A sentence of no tokens gives zeros. Of several equal maxima the first gets the whole gradient,
 * as PyTorch's `max(dim)` on CPU does it.
 *
 * @throws ShapeError when the layout does not number x's rows
 *
 * @example
 * ```ts
 * import { segmentMax } from "@kindred/nn";
 * import { packedLayout, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const x = tf.tensor2d([[1, 4], [3, 2], [7, 9]]);
 * segmentMax(x, { layout: packedLayout([0, 2, 3]) }).dataSync(); // => [3, 4, 7, 9]
 * ```
 */
export function segmentMax(x: Float<"tokens hidden">, { layout }: PoolOptions): Float<"batch hidden"> {
  return segmentMaxOp({ x }, layout.data, layout.fixed);
}
