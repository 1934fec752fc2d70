import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { leaveOut, oneHotRows } from "./leave-out.ts";

/** The gradient of softmaxCrossEntropy as an op that a backend may implement: dlogits = dy·(softmax(logits) − one at the label). */
export const softmaxCrossEntropyGradientOp = defineOp<
  { dy: Float<"rows">; logits: Float<"rows columns"> },
  { readonly labels: Int32Array; readonly excluded?: Uint8Array },
  None,
  Float<"rows columns">
>({
  name: "KindredSoftmaxCrossEntropyGradient",
  check: () => {},
  composite: ({ dy, logits }, { labels, excluded }) => {
    const probabilities = tf.softmax(leaveOut(logits, excluded) as tf.Tensor2D);
    return tf.mul(tf.sub(probabilities, oneHotRows(labels, logits.shape[1]!)), tf.reshape(dy, [labels.length, 1]));
  },
});
