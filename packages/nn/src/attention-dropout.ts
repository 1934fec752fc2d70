import { dropoutThreshold, type Key, threefryInto } from "@kindred/random";
import { type SequenceLayout, sentenceSpan } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
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
