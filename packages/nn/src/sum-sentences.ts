import { type Float, layoutBatch, layoutRowCount, type SequenceLayout, sentenceSpan } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The rows of every sentence times their weights, added up, in plain tfjs ops. Rows of padding are never read. */
export function sumSentences(
  x: Float<"tokens hidden">,
  weights: Float32Array,
  layout: SequenceLayout,
): Float<"batch hidden"> {
  const { rows, sentences } = realRows(layout);
  const real = layout.form === "packed" ? x : tf.gather(x, tf.tensor1d(rows, "int32"));
  const realWeights = tf.tensor2d(
    Float32Array.from(rows, (row) => weights[row]!),
    [rows.length, 1],
  );
  return tf.unsortedSegmentSum(tf.mul(real, realWeights), tf.tensor1d(sentences, "int32"), layoutBatch(layout));
}

/** The gradient of {@link sumSentences}: every row gets its sentence's row times its weight, padding gets 0. */
export function spreadSentences(
  dy: Float<"batch hidden">,
  weights: Float32Array,
  layout: SequenceLayout,
): Float<"tokens hidden"> {
  const { rows, sentences } = realRows(layout);
  const [sentenceOfRow, rowWeights] = [new Int32Array(weights.length), new Float32Array(weights.length)];
  for (const [i, row] of rows.entries()) {
    sentenceOfRow[row] = sentences[i]!;
    rowWeights[row] = weights[row]!;
  }
  return tf.mul(tf.gather(dy, tf.tensor1d(sentenceOfRow, "int32")), tf.tensor2d(rowWeights, [weights.length, 1]));
}

/** The numbers of the rows that are not padding, and the sentence of each. */
function realRows(layout: SequenceLayout): { readonly rows: Int32Array; readonly sentences: Int32Array } {
  const [rows, sentences] = [new Int32Array(layoutRowCount(layout)), new Int32Array(layoutRowCount(layout))];
  let count = 0;
  for (let i = 0; i < layoutBatch(layout); i++) {
    const { start, length } = sentenceSpan(layout, i);
    for (let position = 0; position < length; position++) {
      rows[count] = start + position;
      sentences[count++] = i;
    }
  }
  return { rows: rows.subarray(0, count), sentences: sentences.subarray(0, count) };
}
