import { defineOp, expectShapes, type Float, layoutBatch, type SequenceLayout, sentenceSpan } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectLayout } from "./expect-layout.ts";
import type { PoolOptions } from "./mean-pool.ts";

/** {@link segmentMax} as an op that a backend may implement. */
export const segmentMaxOp = defineOp<{ x: Float<"tokens hidden"> }, PoolOptions, Float<"batch hidden">>({
  name: "KindredSegmentMax",
  check: ({ x }, { layout }) => {
    expectShapes("segmentMax", { x: [x, "tokens hidden", "float32"] });
    expectLayout("segmentMax", x, layout);
  },
  composite: ({ x }, { layout }) =>
    tf.concat(
      perSentence(layout, ({ rows }) => {
        if (rows.length === 0) return tf.zeros<tf.Rank.R2>([1, x.shape[1]!]);
        return tf.max(tf.gather(x, tf.tensor1d(rows, "int32")), 0, true) as tf.Tensor2D;
      }),
      0,
    ),
  save: ["x"],
  gradient: (dy, [x], { layout }) => ({
    x: () => {
      const parts = perSentence(layout, ({ rows, padding }, i) => {
        const below = tf.zeros<tf.Rank.R2>([padding, x!.shape[1]!]);
        if (rows.length === 0) return below;
        const first = tf.argMax(tf.gather(x!, tf.tensor1d(rows, "int32")), 0);
        const positions = tf.tensor2d([...rows.keys()], [rows.length, 1], "int32");
        const isFirst = tf.cast(tf.equal(positions, first), "float32");
        const part = tf.mul(isFirst, tf.gather(dy, tf.tensor1d([i], "int32"))) as tf.Tensor2D;
        return padding === 0 ? part : tf.concat([part, below], 0);
      });
      return tf.concat(
        parts.filter(({ size }) => size > 0),
        0,
      );
    },
  }),
});

type SentenceRows = { readonly rows: Int32Array; readonly padding: number };

/** `make` of every sentence's row numbers and the number of rows of padding after them. */
function perSentence(layout: SequenceLayout, make: (sentence: SentenceRows, i: number) => tf.Tensor2D): tf.Tensor2D[] {
  return Array.from({ length: layoutBatch(layout) }, (_, i) => {
    const { start, length } = sentenceSpan(layout, i);
    const rows = Int32Array.from({ length }, (_, position) => start + position);
    return make({ rows, padding: layout.form === "padded" ? layout.seq - length : 0 }, i);
  });
}

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
  return segmentMaxOp({ x }, { layout });
}
