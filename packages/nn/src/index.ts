export {
  embedding,
  embeddingOp,
  embeddingGradientOp,
  type EmbeddingOptions,
  type EmbeddingData,
  type EmbeddingFixed,
} from "./embedding.ts";
export { addLayerNorm, addLayerNormOp } from "./add-layer-norm.ts";
export { layerNorm, layerNormOp, layerNormGradientOp, type LayerNormOptions } from "./layer-norm.ts";
export { dropout, dropoutOp, type DropoutData, type DropoutFixed, type DropoutOptions } from "./dropout.ts";
export { linear, linearOp, matmulOp, transposedMatmulOp, columnSumsOp } from "./linear.ts";
export { packWeight, packWeightOp, weightShape } from "./pack-weight.ts";
export {
  type FrozenSpec,
  type FrozenWeights,
  type KeepsWeights,
  type WeightForm,
  type WeightReceiver,
  weightForms,
} from "./frozen-weights.ts";
export { positionBias, positionBiasOp, positionBiasGradientOp } from "./position-bias.ts";
export {
  attention,
  attentionOp,
  attentionGradientOp,
  type AttentionData,
  type AttentionDropout,
  type AttentionFixed,
  type AttentionInputs,
  type AttentionOptions,
} from "./attention.ts";
export { gelu, geluOp, geluGradientOp } from "./gelu.ts";
export { geluLinear, geluLinearOp, geluLinearGradientOp } from "./gelu-linear.ts";
export {
  add,
  addOp,
  divide,
  divideOp,
  multiply,
  multiplyOp,
  scale,
  scaleOp,
  shift,
  shiftOp,
  subtract,
  subtractOp,
} from "./arithmetic.ts";
export { meanPool, meanPoolOp, meanPoolGradientOp, type PoolOptions } from "./mean-pool.ts";
export {
  weightedPool,
  weightedPoolOp,
  weightedPoolGradientOp,
  type WeightedPoolData,
  type WeightedPoolOptions,
} from "./weighted-pool.ts";
export { segmentMax, segmentMaxOp, segmentMaxGradientOp } from "./segment-max.ts";
export { gatherRows, gatherRowsOp } from "./gather-rows.ts";
export { sliceFeatures, sliceFeaturesOp, type SliceFixed, sliceRows, sliceRowsOp } from "./slices.ts";
export { concatFeatures, concatFeaturesOp, concatRows, concatRowsOp } from "./concat.ts";
export { l2Normalize, l2NormalizeOp, l2NormalizeGradientOp, type L2NormalizeOptions } from "./l2-normalize.ts";
export { matmulTransposed, matmulTransposedOp } from "./matmul-transposed.ts";
export {
  softmaxCrossEntropy,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyGradientOp,
  type SoftmaxCrossEntropyData,
  type SoftmaxCrossEntropyOptions,
} from "./softmax-cross-entropy.ts";
export { absolute, absoluteOp, exp, expOp, log, logOp, relu, reluOp } from "./functions.ts";
export { logSumExp, logSumExpOp, rowDot, rowDotOp, transpose, transposeOp } from "./rows.ts";
export { select, type SelectData, selectOp, stopGradient } from "./select.ts";
export { sum, sumOp } from "./sum.ts";
export {
  type AdamwConstants,
  type AdamwInputs,
  adamwNumber,
  adamwOp,
  sumOfSquaresOp,
} from "./adamw.ts";
export { countFlops } from "./count-flops.ts";
