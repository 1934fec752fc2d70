import { concatFeatures, gatherRows, weightedPool } from "@kindred/nn";
import { type PoolingMode, pool } from "@kindred/pooling";
import { type Float, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Pools the tokens of each sentence that follow its prompt: the first `promptLength`, `<s>` among them, are left out.
 * Position weights of `weightedmean` count from the sentence's first token all the same. A sentence cut before its
 * prompt ends has no token left and gives zeros.
 *
 * @see sentence-transformers 6.2.0, `modules/pooling.py`, `include_prompt`
 */
export function poolAfterPrompt(
  hiddenStates: Float<"tokens hidden">,
  { starts, promptLength, modes }: { starts: Int32Array; promptLength: number; modes: readonly PoolingMode[] },
): Float<"batch hidden"> {
  const kept: number[] = [];
  const weights: number[] = [];
  const lengths: number[] = [];
  for (let sentence = 0; sentence + 1 < starts.length; sentence++) {
    const length = starts[sentence + 1]! - starts[sentence]!;
    const sum = (length * (length + 1) - promptLength * (promptLength + 1)) / 2; // of the positions after the prompt
    for (let position = promptLength; position < length; position++) {
      kept.push(starts[sentence]! + position);
      weights.push((position + 1) / sum);
    }
    lengths.push(Math.max(0, length - promptLength));
  }
  if (kept.length === 0) return tf.zeros([starts.length - 1, modes.length * hiddenStates.shape[1]!]);
  const rows: Float<"tokens hidden"> = gatherRows(hiddenStates, Int32Array.from(kept));
  const layout = packed(lengths);
  const pooled = modes.map((mode) =>
    mode === "weightedmean"
      ? weightedPool(rows, { layout, weights: Float32Array.from(weights) })
      : pool(rows, { layout, mode }),
  );
  return pooled.length === 1 && pooled[0] !== undefined ? pooled[0] : concatFeatures(pooled);
}
