import { type Float, type LayoutData, type LayoutFixed, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

// What composites say of sentences, whatever the layout: each in a run of `longest` places, as padded layouts have them, so that their
// shapes depend on what is fixed alone.

/** Stands for −∞: its exponential is exactly 0, and 0 times it is 0 and not NaN. */
export const LEFT_OUT = -1e30;

/** The rows of every sentence, `[batch, longest, features]`. Places after a sentence's end repeat some token's row. */
export function intoSentences(x: Float, data: LayoutData, fixed: LayoutFixed): tf.Tensor3D {
  const anyToken = sentencesOf(data).find(({ length }) => length > 0)?.start ?? 0;
  const rows = new Int32Array(fixed.batch * fixed.longest).fill(anyToken);
  eachToken(data, fixed, ({ row, place }) => {
    rows[place] = row;
  });
  return tf.reshape(tf.gather(x, tf.tensor1d(rows, "int32")), [fixed.batch, fixed.longest, -1]);
}

/** The way back: `[rows, features]`, 0 in rows of padding. */
export function intoRows(sentences: tf.Tensor3D, data: LayoutData, fixed: LayoutFixed): Float<"tokens hidden"> {
  const [places, real] = [new Int32Array(fixed.rows), new Float32Array(fixed.rows)];
  eachToken(data, fixed, ({ row, place }) => {
    places[row] = place;
    real[row] = 1;
  });
  const all = tf.reshape(sentences, [fixed.batch * fixed.longest, -1]);
  return tf.mul(tf.gather(all, tf.tensor1d(places, "int32")), tf.tensor2d(real, [fixed.rows, 1]));
}

/** A token, the place of a sentence that it fills, and how long that sentence is. */
type Token = { readonly row: number; readonly position: number; readonly place: number; readonly length: number };

/** A number for each place of each sentence, `[batch, longest, 1]`: `of` its token, `otherwise` after the end. */
export function perPlace(
  data: LayoutData,
  fixed: LayoutFixed,
  { of, otherwise }: { readonly of: (token: Token) => number; readonly otherwise: number },
): tf.Tensor3D {
  const numbers = new Float32Array(fixed.batch * fixed.longest).fill(otherwise);
  eachToken(data, fixed, (token) => {
    numbers[token.place] = of(token);
  });
  return tf.tensor3d(numbers, [fixed.batch, fixed.longest, 1]);
}

function eachToken(data: LayoutData, { longest }: LayoutFixed, visit: (token: Token) => void): void {
  for (const [i, { start, length }] of sentencesOf(data).entries()) {
    for (let position = 0; position < length; position++) {
      visit({ row: start + position, position, place: i * longest + position, length });
    }
  }
}
