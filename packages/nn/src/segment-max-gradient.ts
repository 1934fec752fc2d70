import { defineOp, type Float, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { perSentence } from "./per-sentence.ts";

/** The gradient of segmentMax as an op that a backend may implement: dx from dy and x. The first of equal maxima gets it all. */
export const segmentMaxGradientOp = defineOp<
  { dy: Float<"batch hidden">; x: Float<"tokens hidden"> },
  LayoutData,
  LayoutFixed,
  Float<"tokens hidden">
>({
  name: "KindredSegmentMaxGradient",
  check: () => {},
  composite: ({ dy, x }, data, fixed) => {
    const parts = perSentence(data, fixed, ({ rows, padding }, i) => {
      const below = tf.zeros<tf.Rank.R2>([padding, x.shape[1]!]);
      if (rows.length === 0) return below;
      const first = tf.argMax(tf.gather(x, tf.tensor1d(rows, "int32")), 0);
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
});
