import { dropoutThreshold, threefryInto } from "@kindred/random";
import { type Float, sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionData, AttentionFixed, AttentionInputs } from "./attention.ts";
import { intoRows, intoSentences, LEFT_OUT, perPlace } from "./sentences.ts";

// Attention in plain tfjs ops, whatever the layout: sentences in runs of `longest` places, a matrix of scores for each head.

/** softmax(q·kᵀ/√size + bias)∘D·v, head by head, with the dropout mask D. */
export function attend({ q, k, v, bias }: AttentionInputs, data: AttentionData, fixed: AttentionFixed): Float {
  const weights = weightsOf(intoHeads(q, data, fixed), intoHeads(k, data, fixed), bias, data, fixed);
  const mask = dropoutMask(data, fixed);
  const kept = mask === undefined ? weights : tf.mul(weights, mask);
  return outOfHeads(tf.matMul(kept, intoHeads(v, data, fixed)), data, fixed);
}

/**
 * Its gradients, from dy. With the weights P computed again, the dropout mask D drawn again and W = P∘D: dv = Wᵀ·dy,
 * dP = (dy·vᵀ)∘D, dS = P∘(dP − Σ_key dP∘P), dq = dS·k/√size, dk = dSᵀ·q/√size, and dbias sums dS over all pairs at a distance.
 */
export function attendGradients(
  { dy, q, k, v, bias }: AttentionInputs & { readonly dy: Float },
  data: AttentionData,
  fixed: AttentionFixed,
): [dq: Float, dk: Float, dv: Float, dbias: Float] {
  const [q4, k4, v4] = [intoHeads(q, data, fixed), intoHeads(k, data, fixed), intoHeads(v, data, fixed)];
  const real = tf.expandDims(perPlace(data, fixed, { of: () => 1, otherwise: 0 }), 1);
  const dy4 = tf.mul(intoHeads(dy, data, fixed), real); // no query after a sentence's end
  const weights = weightsOf(q4, k4, bias, data, fixed);
  const mask = dropoutMask(data, fixed);
  const dKept = tf.matMul(dy4, v4, false, true);
  const dWeights = mask === undefined ? dKept : tf.mul(dKept, mask);
  const dScores = tf.mul(weights, tf.sub(dWeights, tf.sum(tf.mul(dWeights, weights), 3, true)));
  const scale = 1 / Math.sqrt(q4.shape[3]);
  const dv = tf.matMul(mask === undefined ? weights : tf.mul(weights, mask), dy4, true);
  return [
    outOfHeads(tf.mul(tf.matMul(dScores, k4), scale), data, fixed),
    outOfHeads(tf.mul(tf.matMul(dScores, q4, true), scale), data, fixed),
    outOfHeads(dv, data, fixed),
    sumsAtDistances(tf.sum(dScores, 0), bias, fixed),
  ];
}

/** How much each query of a sentence looks at each of its keys, [batch, heads, longest, longest]. */
function weightsOf(q: tf.Tensor4D, k: tf.Tensor4D, bias: Float, data: AttentionData, fixed: AttentionFixed): tf.Tensor {
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[3]));
  const afterEnd = perPlace(data, fixed, { of: () => 0, otherwise: LEFT_OUT });
  const mask = tf.reshape(afterEnd, [fixed.batch, 1, 1, fixed.longest]);
  return tf.softmax(tf.add(tf.add(scores, biasOfPairs(bias, fixed)), mask));
}

/** The bias of each pair of a query and a key, [heads, longest, longest]: that of their distance. */
function biasOfPairs(bias: Float, { heads, longest }: AttentionFixed): tf.Tensor {
  const byDistance = tf.gather(tf.transpose(bias), distancesOfPairs(bias, longest));
  return tf.reshape(tf.transpose(byDistance), [heads, longest, longest]);
}

/** The gradient of {@link biasOfPairs}: sums over the pairs at each distance. */
function sumsAtDistances(dy: tf.Tensor, bias: Float, { heads, longest }: AttentionFixed): Float {
  const byPair = tf.transpose(tf.reshape(dy, [heads, longest * longest]));
  return tf.transpose(tf.unsortedSegmentSum(byPair, distancesOfPairs(bias, longest), bias.shape[1] ?? 0));
}

/** key − query of each pair as a column of the bias, [longest²]. */
function distancesOfPairs(bias: Float, longest: number): tf.Tensor1D {
  const middle = ((bias.shape[1] ?? 0) - 1) / 2;
  const of = (_: unknown, pair: number) => (pair % longest) - Math.floor(pair / longest) + middle;
  return tf.tensor1d(Int32Array.from({ length: longest ** 2 }, of), "int32");
}

/** 1/(1 − rate) for weights that are kept, 0 for those dropped, [batch, heads, longest, longest]. The rule is at `attention`. */
function dropoutMask(data: AttentionData, { batch, heads, longest, rate }: AttentionFixed): tf.Tensor | undefined {
  if (data.key === undefined || rate === undefined) return undefined;
  const mask = new Float32Array(batch * heads * longest ** 2);
  const [threshold, kept] = [dropoutThreshold(rate), 1 / (1 - rate)];
  const [key0 = 0, key1 = 0] = data.key;
  const words = new Uint32Array(2);
  for (const [i, { length, number }] of sentencesOf(data).entries()) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < length; query++) {
        const at = ((i * heads + head) * longest + query) * longest;
        for (let key = 0; key < length; key++) {
          threefryInto(words, key0, key1, number, (head * 2 ** 26 + query * 2 ** 13 + key) >>> 0);
          if ((words[0] ?? 0) >= threshold) mask[at + key] = kept;
        }
      }
    }
  }
  return tf.tensor4d(mask, [batch, heads, longest, longest]);
}

/** The rows of every sentence, heads apart: [batch, heads, longest, size]. */
function intoHeads(x: Float, data: AttentionData, fixed: AttentionFixed): tf.Tensor4D {
  const { batch, longest, heads } = fixed;
  const size = (x.shape[1] ?? 0) / heads;
  return tf.transpose(tf.reshape(intoSentences(x, data, fixed), [batch, longest, heads, size]), [0, 2, 1, 3]);
}

/** The way back: heads side by side, in the rows of the layout. */
function outOfHeads(y: tf.Tensor, data: AttentionData, fixed: AttentionFixed): Float {
  const { batch, longest } = fixed;
  return intoRows(tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [batch, longest, -1]), data, fixed);
}
