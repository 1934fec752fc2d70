// What a program is handed, so that its module resolves anywhere: one object of all that a loss, a sampler, a family, an optimizer or a reader
// is written with.
export * as tf from "@tensorflow/tfjs-core";
export { adamw } from "@kindred/adamw";
export * as nn from "@kindred/nn";
export { contrastive, gist, symmetric } from "@kindred/contrastive-loss";
export {
  angle,
  batchHardTriplet,
  cosent,
  cosineSimilarity,
  onlineContrastive,
  pairContrastive,
  triplet,
} from "@kindred/pair-losses";
export { distillation, embeddingDistillation, marginMse, scoreMatching } from "@kindred/distillation-losses";
export { lossShare, matryoshka, weightedSum } from "@kindred/loss";
export { configReader, expectParameters, parameterNamed } from "@kindred/encoder";
export { families } from "@kindred/sentence-encoder";
export { childKey, integerAt, keyFromSeed, permutation, uniformAt } from "@kindred/random";
export { createSampler } from "@kindred/sampler";
export * as errors from "@kindred/errors";
