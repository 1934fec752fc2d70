import { layoutBatch, type SequenceLayout, sentenceSpan } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";

/** A sentence's row numbers, and the number of rows of padding after them. */
export type SentenceRows = { readonly rows: Int32Array; readonly padding: number };

/** `make` of every sentence of a layout. */
export function perSentence(
  layout: SequenceLayout,
  make: (sentence: SentenceRows, i: number) => tf.Tensor2D,
): tf.Tensor2D[] {
  return Array.from({ length: layoutBatch(layout) }, (_, i) => {
    const { start, length } = sentenceSpan(layout, i);
    const rows = Int32Array.from({ length }, (_, position) => start + position);
    return make({ rows, padding: layout.form === "padded" ? layout.seq - length : 0 }, i);
  });
}
