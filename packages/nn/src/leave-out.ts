import * as tf from "@tensorflow/tfjs-core";

/** Stands for −∞: its exponential is exactly 0, and 0 times it is 0 and not NaN. */
const LEFT_OUT = -1e30;

/** The logits, with those that are excluded out of every softmax. */
export function leaveOut(logits: tf.Tensor, excluded: Uint8Array | undefined): tf.Tensor {
  if (excluded === undefined) return logits;
  return tf.add(
    logits,
    tf.tensor2d(
      Float32Array.from(excluded, (out) => (out ? LEFT_OUT : 0)),
      logits.shape as [number, number],
    ),
  );
}

/** 1 at every row's label, 0 elsewhere, [rows, columns]. */
export function oneHotRows(labels: Int32Array, columns: number): tf.Tensor2D {
  const ones = new Float32Array(labels.length * columns);
  for (const [row, label] of labels.entries()) ones[row * columns + label] = 1;
  return tf.tensor2d(ones, [labels.length, columns]);
}
