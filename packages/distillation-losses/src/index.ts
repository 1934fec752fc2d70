export { distillation, type DistillationOptions } from "./distillation.ts";
export { embeddingDistillation, type EmbeddingDistillationOptions } from "./embedding-distillation.ts";
export { marginMse, type MarginMseOptions } from "./margin-mse.ts";
export { scoreMatching, type ScoreMatchingOptions } from "./score-matching.ts";
