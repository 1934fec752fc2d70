import { defineOp, type Float, type SequenceLayout } from "@kindred/tensor";
import { meanWeights } from "./mean-weights.ts";
import { spreadSentences } from "./sum-sentences.ts";

/**
 * The gradient of meanPool and weightedPool as an op that a backend may implement: dx[token] = weights[token]·dy[sentence], 0 for
 * padding. Without weights they are 1/length.
 */
export const weightedPoolGradientOp = defineOp<
  { dy: Float<"batch hidden"> },
  { readonly layout: SequenceLayout; readonly weights?: Float32Array },
  Float<"tokens hidden">
>({
  name: "KindredWeightedPoolGradient",
  check: () => {},
  composite: ({ dy }, { layout, weights = meanWeights(layout) }) => spreadSentences(dy, weights, layout),
});
