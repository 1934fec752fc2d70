import { dropoutThreshold, type Key, threefryInto } from "@kindred/random";
import { type Float, type SequenceLayout, sentenceSpan } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionBlocks } from "./attention-blocks.ts";
import { biasMatrix } from "./bias-matrix.ts";
import { blockMatMul } from "./block-matmul.ts";

/** Added to a masked score: the softmax of it is exactly 0, and of a row of nothing else not NaN. */
const MASKED = -1e30;

/** The rows of x in their blocks, heads apart: [count, length, heads, size]. */
export function intoBlocks(
  x: Float<"tokens hidden">,
  { count, length, rows }: AttentionBlocks,
  heads: number,
): tf.Tensor4D {
  return tf.reshape(tf.gather(x, tf.tensor1d(rows, "int32")), [count, length, heads, x.shape[1]! / heads]);
}

/** Blocks [count, length, heads, size] as a stack of one matrix a head and block, [count·heads, length, size] … */
export function stack(blocks: tf.Tensor4D): tf.Tensor3D {
  const [count, length, heads, size] = blocks.shape;
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [count * heads, length, size]);
}

/** … or of their transposes, [count·heads, size, length]. */
export function stackTransposed(blocks: tf.Tensor4D): tf.Tensor3D {
  const [count, length, heads, size] = blocks.shape;
  return tf.reshape(tf.transpose(blocks, [0, 2, 3, 1]), [count * heads, size, length]);
}

/** A stack [count·heads, length, size] as the rows of all slots, [count·length, hidden]. */
export function unstack(matrices: tf.Tensor3D, { count, length }: AttentionBlocks, heads: number): tf.Tensor2D {
  const size = matrices.shape[2];
  return tf.reshape(tf.transpose(tf.reshape(matrices, [count, heads, length, size]), [0, 2, 1, 3]), [
    count * length,
    heads * size,
  ]);
}

/**
 * How much each query of a block looks at each key, [count·heads, length, length], in plain tfjs ops: the softmax over keys of
 * q·kᵀ/√size + bias. Keys of other sentences weigh exactly 0.
 */
export function attentionWeights(
  { q, k, bias }: { q: tf.Tensor4D; k: tf.Tensor4D; bias: Float<"heads distances"> },
  blocks: AttentionBlocks,
): tf.Tensor3D {
  const [count, length, heads, size] = q.shape;
  const products = blockMatMul(stack(tf.mul(q, 1 / Math.sqrt(size))), stackTransposed(k));
  const scores = tf.add(tf.reshape(products, [count, heads, length, length]), biasMatrix(bias, length));
  return tf.reshape(tf.softmax(tf.add(scores, sentenceMask(blocks))), [count * heads, length, length]);
}

/** 0 between two tokens of one sentence, {@link MASKED} elsewhere: [count, 1, length, length]. */
function sentenceMask({ count, length, sentences }: AttentionBlocks): tf.Tensor4D {
  const mask = new Float32Array(count * length * length).fill(MASKED);
  for (let from = 0, to = 0; from < sentences.length; from = to) {
    for (to = from + 1; to % length !== 0 && sentences[to] === sentences[from]; ) to++;
    if (sentences[from]! < 0) continue;
    const column = from % length;
    for (let slot = from; slot < to; slot++) mask.fill(0, slot * length + column, slot * length + column + to - from);
  }
  return tf.tensor4d(mask, [count, 1, length, length]);
}

/** What keyed dropout of attention weights must be told. */
export type AttentionDropout = {
  /** The share of weights to drop, from 0 up to, not including, 1. */
  readonly rate: number;
  /** Belongs to one use alone: a step, a column of the data, and a layer. */
  readonly key: Key;
};

/** 1/(1 − rate) for weights that are kept, 0 for those dropped, [count·heads, length, length]. The rule is at `attention`. */
export function attentionDropoutMask(
  { count, length, sentences, rows }: AttentionBlocks,
  { heads, layout, rate, key }: AttentionDropout & { heads: number; layout: SequenceLayout },
): tf.Tensor3D {
  const mask = new Float32Array(count * heads * length * length);
  const [threshold, kept] = [dropoutThreshold(rate), 1 / (1 - rate)];
  const words = new Uint32Array(2);
  for (const [slot, sentence] of sentences.entries()) {
    if (sentence < 0) continue;
    const block = Math.floor(slot / length);
    const span = sentenceSpan(layout, sentence);
    const query = rows[slot]! - span.start;
    const [row, firstKeySlot] = [layout.rows?.[sentence] ?? sentence, (slot % length) - query];
    for (let head = 0; head < heads; head++) {
      const at = ((block * heads + head) * length + (slot % length)) * length + firstKeySlot;
      for (let j = 0; j < span.length; j++) {
        threefryInto(words, key[0], key[1], row, (head * 2 ** 26 + query * 2 ** 13 + j) >>> 0);
        if (words[0]! >= threshold) mask[at + j] = kept;
      }
    }
  }
  return tf.tensor3d(mask, [count * heads, length, length]);
}
