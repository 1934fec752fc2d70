import { dropoutThreshold, type Key, threefryInto } from "@kindred/random";
import { sentencesOf } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionData, AttentionFixed } from "./attention.ts";
import type { AttentionBlocks } from "./attention-blocks.ts";

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
