import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionBlocks } from "./attention-blocks.ts";
import { biasMatrix } from "./bias-matrix.ts";
import { blockMatMul } from "./block-matmul.ts";
import { stack, stackTransposed } from "./block-rows.ts";

/** Added to a masked score: the softmax of it is exactly 0, and of a row of nothing else not NaN. */
const MASKED = -1e30;

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
