import { ShapeError } from "@kindred/errors";
import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { LEFT_OUT } from "./sentences.ts";

/** What the loss may be told. */
export type SoftmaxCrossEntropyOptions = {
  /** rows × columns, row by row: 1 leaves a column out of its row's sum, as if its logit were −∞. Default: none is left out. */
  readonly excluded?: Uint8Array;
};

/** What changes with each batch: the right column of each row, and the exclusions. */
export type SoftmaxCrossEntropyData = SoftmaxCrossEntropyOptions & { readonly labels: Int32Array };

/** The gradient of softmaxCrossEntropy as an op that a backend may implement: dlogits = dy·(softmax(logits) − one at the label). */
export const softmaxCrossEntropyGradientOp = defineOp<
  { dy: Float; logits: Float },
  SoftmaxCrossEntropyData,
  None,
  Float
>({
  name: "KindredSoftmaxCrossEntropyGradient",
  check: () => {},
  composite: ({ dy, logits }, { labels, excluded }) => {
    const probabilities = tf.softmax(leaveOut(logits, excluded));
    return tf.mul(tf.sub(probabilities, atLabels(labels, logits)), tf.expandDims(dy, 1));
  },
});

/** {@link softmaxCrossEntropy} as an op that a backend may implement. */
export const softmaxCrossEntropyOp = defineOp<{ logits: Float }, SoftmaxCrossEntropyData, None, Float>({
  name: "KindredSoftmaxCrossEntropy",
  check: ({ logits }, { labels, excluded }) => {
    const { rows, columns } = expectShapes("softmaxCrossEntropy", { logits: [logits, "rows columns", "float32"] });
    const bad = labels.findIndex(
      (label, row) => label < 0 || label >= columns || excluded?.[row * columns + label] === 1,
    );
    if (labels.length === rows && bad < 0 && (excluded?.length ?? rows * columns) === rows * columns) return;
    throw new ShapeError(
      `softmaxCrossEntropy: labels don't fit. Got logits "rows columns" = [${rows}, ${columns}], ${labels.length} labels` +
        `${bad < 0 ? "" : ` with ${labels[bad]} at row ${bad}`}, ${excluded?.length ?? "no"} exclusions, expected one label a row, a column that is ` +
        "not excluded, and rows × columns exclusions. Never exclude a row's own label.",
      { rows, columns, labels: labels.length, at: bad, excluded: excluded?.length },
    );
  },
  composite: ({ logits }, { labels, excluded }) => {
    const logProbabilities = tf.logSoftmax(leaveOut(logits, excluded));
    return tf.neg(tf.sum(tf.mul(logProbabilities, atLabels(labels, logits)), 1));
  },
  save: ["logits"],
  gradient: (dy, { logits }, data) => ({ logits: () => softmaxCrossEntropyGradientOp({ dy, logits }, data, {}) }),
});

/** The logits, with those that are excluded out of every softmax. */
function leaveOut(logits: Float, excluded: Uint8Array | undefined): tf.Tensor2D {
  if (excluded === undefined) return tf.reshape(logits, logits.shape as [number, number]);
  const mask = tf.cast(tf.tensor(excluded, logits.shape, "bool"), "float32");
  return tf.add(logits, tf.mul(mask, LEFT_OUT));
}

/** 1 at every row's label, 0 elsewhere, "rows columns". */
function atLabels(labels: Int32Array, logits: Float): Float {
  const columns = tf.range(0, logits.shape[1] ?? 0, 1, "int32");
  return tf.cast(tf.equal(columns, tf.tensor2d(labels, [labels.length, 1], "int32")), "float32");
}

/**
 * The cross entropy of every row: how surprising its label is under the softmax of its logits, in nats.
 *
 * loss[row] = log Σ_column exp(logits[row, column]) − logits[row, label], the sum over the columns not excluded; stable for logits of any
 * size up to 1e29. Never negative; 0 for a row that has nothing but its label. An excluded logit gets a gradient of exactly 0.
 *
 * @param labels the right column of each row; not to be written before the backward pass is over
 * @throws ShapeError when labels or exclusions don't fit, or a label is excluded
 *
 * @example
 * ```ts
 * import { softmaxCrossEntropy } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const logits = tf.tensor2d([[0, 0, 0], [7, 1, 1]]);
 * const excluded = Uint8Array.of(0, 0, 0, 1, 0, 0);
 * softmaxCrossEntropy(logits, Int32Array.of(0, 1), { excluded }).dataSync(); // => [1.0986, 0.6931]
 * ```
 */
export function softmaxCrossEntropy<Rows extends string>(
  logits: Float<`${Rows} ${string}`>,
  labels: Int32Array,
  { excluded }: SoftmaxCrossEntropyOptions = {},
): Float<Rows> {
  return softmaxCrossEntropyOp({ logits }, excluded === undefined ? { labels } : { labels, excluded }, {});
}
