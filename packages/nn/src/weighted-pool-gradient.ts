import { defineOp, type Float, type LayoutData, type LayoutFixed } from "@kindred/tensor";
import { meanWeights } from "./mean-weights.ts";
import { spreadSentences } from "./sum-sentences.ts";

/**
 * The gradient of meanPool and weightedPool as an op that a backend may implement: dx[token] = weights[token]·dy[sentence], 0 for
 * padding. Without weights they are 1/length.
 */
export const weightedPoolGradientOp = defineOp<
  { dy: Float<"batch hidden"> },
  LayoutData & { readonly weights?: Float32Array },
  LayoutFixed,
  Float<"tokens hidden">
>({
  name: "KindredWeightedPoolGradient",
  check: () => {},
  composite: ({ dy }, data, fixed) => spreadSentences(dy, data.weights ?? meanWeights(data, fixed), data, fixed),
});
