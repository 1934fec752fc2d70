import { type Float, type LayoutData, type LayoutFixed, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** The rows of every sentence times their weights, added up, in plain tfjs ops. Rows of padding are never read. */
export function sumSentences(
  x: Float<"tokens hidden">,
  weights: Float32Array,
  data: LayoutData,
  fixed: LayoutFixed,
): Float<"batch hidden"> {
  const { rows, sentences } = realRows(data, fixed);
  const real = rows.length === fixed.rows ? x : tf.gather(x, tf.tensor1d(rows, "int32"));
  const realWeights = tf.tensor2d(
    Float32Array.from(rows, (row) => weights[row]!),
    [rows.length, 1],
  );
  return tf.unsortedSegmentSum(tf.mul(real, realWeights), tf.tensor1d(sentences, "int32"), fixed.batch);
}

/** The gradient of {@link sumSentences}: every row gets its sentence's row times its weight, padding gets 0. */
export function spreadSentences(
  dy: Float<"batch hidden">,
  weights: Float32Array,
  data: LayoutData,
  fixed: LayoutFixed,
): Float<"tokens hidden"> {
  const { rows, sentences } = realRows(data, fixed);
  const [sentenceOfRow, rowWeights] = [new Int32Array(weights.length), new Float32Array(weights.length)];
  for (const [i, row] of rows.entries()) {
    sentenceOfRow[row] = sentences[i]!;
    rowWeights[row] = weights[row]!;
  }
  return tf.mul(tf.gather(dy, tf.tensor1d(sentenceOfRow, "int32")), tf.tensor2d(rowWeights, [weights.length, 1]));
}

/** The numbers of the rows that are not padding, and the sentence of each. */
function realRows(data: LayoutData, fixed: LayoutFixed): { readonly rows: Int32Array; readonly sentences: Int32Array } {
  const [rows, sentences] = [new Int32Array(fixed.rows), new Int32Array(fixed.rows)];
  let count = 0;
  for (const [i, { start, length }] of sentencesOf(data).entries()) {
    for (let position = 0; position < length; position++) {
      rows[count] = start + position;
      sentences[count++] = i;
    }
  }
  return { rows: rows.subarray(0, count), sentences: sentences.subarray(0, count) };
}
