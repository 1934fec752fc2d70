import { dropoutThreshold, threefryInto } from "@kindred/random";
import { type Float, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionData, AttentionFixed, AttentionInputs } from "../attention.ts";
import { LEFT_OUT } from "../sentences.ts";
import { type AttentionBlocks, attentionBlocks } from "./attention-blocks.ts";
import { biasMatrix, diagonalSums } from "./bias-matrix.ts";
import { blockMatMul, fromBlocks, intoBlocks, stack, stackTransposed, unstack } from "./block-rows.ts";

// Attention in the tfjs ops that are fast on tfjs's own wasm backend: sentences share blocks of 64 slots, whose scores are a few dense matrix
// products. Nothing but the time it takes depends on how.

/** As `attend`. */
export function attendInBlocks(inputs: AttentionInputs, data: AttentionData, fixed: AttentionFixed): Float {
  const { q, k, v, bias } = inputs;
  return tf.tidy(() => {
    const plan = attentionBlocks(data, fixed);
    const groups = plan.groups.map((blocks) =>
      tf.tidy(() => {
        const parts = { q: intoBlocks(q, blocks, fixed.heads), k: intoBlocks(k, blocks, fixed.heads), bias };
        const weights = attentionWeights(parts, blocks);
        const kept: tf.Tensor3D = data.key ? tf.mul(weights, dropoutMask(blocks, data, fixed)) : weights;
        return unstack(blockMatMul(kept, stack(intoBlocks(v, blocks, fixed.heads))), blocks, fixed.heads);
      }),
    );
    return fromBlocks(groups, plan, q.shape[1] ?? 0);
  });
}

/** As `attendGradients`. */
export function attendGradientsInBlocks(
  inputs: AttentionInputs & { readonly dy: Float },
  data: AttentionData,
  fixed: AttentionFixed,
): [dq: Float, dk: Float, dv: Float, dbias: Float] {
  return tf.tidy(() => {
    const plan = attentionBlocks(data, fixed);
    const groups = plan.groups.map((blocks) => tf.tidy(() => blockGradients(inputs, data, fixed, blocks)));
    const inRows = (name: "dq" | "dk" | "dv") =>
      fromBlocks(
        groups.map((group) => group[name]),
        plan,
        inputs.q.shape[1] ?? 0,
      );
    const dbias = groups.reduce((sum: Float, group) => tf.add(sum, group.dbias), tf.zeros(inputs.bias.shape));
    return [inRows("dq"), inRows("dk"), inRows("dv"), dbias];
  });
}

function blockGradients(
  { dy, q, k, v, bias }: AttentionInputs & { readonly dy: Float },
  data: AttentionData,
  fixed: AttentionFixed,
  blocks: AttentionBlocks,
) {
  const { heads } = fixed;
  const [qBlocks, kBlocks] = [intoBlocks(q, blocks, heads), intoBlocks(k, blocks, heads)];
  const weights = attentionWeights({ q: qBlocks, k: kBlocks, bias }, blocks);
  const kept = data.key && dropoutMask(blocks, data, fixed);
  const dyBlocks: tf.Tensor4D = tf.mul(intoBlocks(dy, blocks, heads), slotMask(blocks));
  const dyStack = stack(dyBlocks);
  const dv = blockMatMul(tf.transpose(kept ? tf.mul(weights, kept) : weights, [0, 2, 1]), dyStack);
  const dKept = blockMatMul(dyStack, stackTransposed(intoBlocks(v, blocks, heads)));
  const dWeights = kept ? tf.mul(dKept, kept) : dKept;
  const perQuery = tf.sum(tf.mul(dWeights, weights), 2, true);
  const dScores: tf.Tensor3D = tf.mul(weights, tf.sub(dWeights, perQuery));
  const scale = 1 / Math.sqrt((q.shape[1] ?? 0) / heads);
  const { count, length } = blocks;
  const overBlocks: tf.Tensor3D = tf.reshape(tf.sum(tf.reshape(dScores, [count, heads * length * length]), 0), [
    heads,
    length,
    length,
  ]);
  return {
    dq: tf.mul<tf.Tensor2D>(unstack(blockMatMul(dScores, stack(kBlocks)), blocks, heads), scale),
    dk: tf.mul<tf.Tensor2D>(
      unstack(blockMatMul(tf.transpose(dScores, [0, 2, 1]), stack(qBlocks)), blocks, heads),
      scale,
    ),
    dv: unstack(dv, blocks, heads),
    dbias: diagonalSums(overBlocks, bias.shape[1] ?? 0),
  };
}

/** 1 for slots that hold a token, 0 for those that hold nothing: [count, length, 1, 1]. */
function slotMask({ count, length, sentences }: AttentionBlocks): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from(sentences, (sentence) => (sentence < 0 ? 0 : 1)),
    [count, length, 1, 1],
  );
}

/**
 * How much each query of a block looks at each key, [count·heads, length, length], in plain tfjs ops: the softmax over keys of
 * q·kᵀ/√size + bias. Keys of other sentences weigh exactly 0.
 */
function attentionWeights(
  { q, k, bias }: { q: tf.Tensor4D; k: tf.Tensor4D; bias: Float<"heads distances"> },
  blocks: AttentionBlocks,
): tf.Tensor3D {
  const [count, length, heads, size] = q.shape;
  const products = blockMatMul(stack(tf.mul(q, 1 / Math.sqrt(size))), stackTransposed(k));
  const scores = tf.add(tf.reshape(products, [count, heads, length, length]), biasMatrix(bias, length));
  return tf.reshape(tf.softmax(tf.add(scores, sentenceMask(blocks))), [count * heads, length, length]);
}

/** 0 between two tokens of one sentence, {@link LEFT_OUT} elsewhere: [count, 1, length, length]. */
function sentenceMask({ count, length, sentences }: AttentionBlocks): tf.Tensor4D {
  const mask = new Float32Array(count * length * length).fill(LEFT_OUT);
  for (let from = 0, to = 0; from < sentences.length; from = to) {
    for (to = from + 1; to % length !== 0 && sentences[to] === sentences[from]; ) to++;
    if ((sentences[from] ?? -1) < 0) continue;
    const column = from % length;
    for (let slot = from; slot < to; slot++) mask.fill(0, slot * length + column, slot * length + column + to - from);
  }
  return tf.tensor4d(mask, [count, 1, length, length]);
}

/** 1/(1 − rate) for weights that are kept, 0 for those dropped, [count·heads, length, length]. The rule is at `attention`. */
function dropoutMask(
  { count, length, sentences, rows }: AttentionBlocks,
  data: AttentionData,
  { heads, rate = 0 }: AttentionFixed,
): tf.Tensor3D {
  const mask = new Float32Array(count * heads * length * length);
  const [threshold, kept] = [dropoutThreshold(rate), 1 / (1 - rate)];
  const [key0 = 0, key1 = 0] = data.key ?? [];
  const spans = sentencesOf(data);
  const words = new Uint32Array(2);
  for (const [slot, sentence] of sentences.entries()) {
    const span = spans[sentence];
    if (span === undefined) continue;
    const block = Math.floor(slot / length);
    const query = (rows[slot] ?? 0) - span.start;
    const firstKeySlot = (slot % length) - query;
    for (let head = 0; head < heads; head++) {
      const at = ((block * heads + head) * length + (slot % length)) * length + firstKeySlot;
      for (let j = 0; j < span.length; j++) {
        threefryInto(words, key0, key1, span.number, (head * 2 ** 26 + query * 2 ** 13 + j) >>> 0);
        if ((words[0] ?? 0) >= threshold) mask[at + j] = kept;
      }
    }
  }
  return tf.tensor3d(mask, [count * heads, length, length]);
}
