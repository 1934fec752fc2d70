export {
  embedding,
  embeddingOp,
  embeddingGradientOp,
  type EmbeddingOptions,
  type EmbeddingData,
  type EmbeddingFixed,
} from "./embedding.ts";
export { addLayerNorm, addLayerNormOp } from "./add-layer-norm.ts";
export { layerNorm, layerNormOp, type LayerNormOptions } from "./layer-norm.ts";
export { layerNormGradientOp } from "./layer-norm-gradient.ts";
export { dropout, dropoutOp, type DropoutData, type DropoutFixed, type DropoutOptions } from "./dropout.ts";
export { linear, linearOp } from "./linear.ts";
export { packWeight, packWeightOp, weightShape } from "./pack-weight.ts";
export { matmulOp } from "./matmul.ts";
export { transposedMatmulOp } from "./transposed-matmul.ts";
export { columnSumsOp } from "./column-sums.ts";
export { positionBias, positionBiasOp, positionBiasGradientOp } from "./position-bias.ts";
export { attention, attentionOp, type AttentionData, type AttentionFixed, type AttentionOptions } from "./attention.ts";
export type { AttentionDropout } from "./attention-dropout.ts";
export { attentionGradientOp } from "./attention-gradient.ts";
export { gelu, geluOp, geluGradientOp } from "./gelu.ts";
export { geluLinear, geluLinearOp, geluLinearGradientOp } from "./gelu-linear.ts";
export { add, addOp } from "./add.ts";
export { scale, scaleOp } from "./scale.ts";
export { meanPool, meanPoolOp, type PoolOptions } from "./mean-pool.ts";
export { weightedPool, weightedPoolOp, type WeightedPoolData, type WeightedPoolOptions } from "./weighted-pool.ts";
export { weightedPoolGradientOp } from "./weighted-pool-gradient.ts";
export { segmentMax, segmentMaxOp } from "./segment-max.ts";
export { segmentMaxGradientOp } from "./segment-max-gradient.ts";
export { gatherRows, gatherRowsOp } from "./gather-rows.ts";
export { sliceRows, sliceRowsOp } from "./slice-rows.ts";
export { concatRows, concatRowsOp } from "./concat-rows.ts";
export { concatFeatures, concatFeaturesOp } from "./concat-features.ts";
export { l2Normalize, l2NormalizeOp, type L2NormalizeOptions } from "./l2-normalize.ts";
export { l2NormalizeGradientOp } from "./l2-normalize-gradient.ts";
export { matmulTransposed, matmulTransposedOp } from "./matmul-transposed.ts";
export {
  softmaxCrossEntropy,
  softmaxCrossEntropyOp,
  type SoftmaxCrossEntropyData,
  type SoftmaxCrossEntropyOptions,
} from "./softmax-cross-entropy.ts";
export { softmaxCrossEntropyGradientOp } from "./softmax-cross-entropy-gradient.ts";
export { sum, sumOp } from "./sum.ts";
export { countFlops } from "./count-flops.ts";
