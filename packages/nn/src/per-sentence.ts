import { type LayoutData, type LayoutFixed, sentencesOf } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";

/** A sentence's row numbers, and the number of rows of padding after them. */
export type SentenceRows = { readonly rows: Int32Array; readonly padding: number };

/** `make` of every sentence of a layout. */
export function perSentence(
  data: LayoutData,
  { rows: rowCount }: LayoutFixed,
  make: (sentence: SentenceRows, i: number) => tf.Tensor2D,
): tf.Tensor2D[] {
  return sentencesOf(data).map(({ start, length }, i) => {
    const rows = Int32Array.from({ length }, (_, position) => start + position);
    return make({ rows, padding: (data.starts[i + 1] ?? rowCount) - start - length }, i);
  });
}
