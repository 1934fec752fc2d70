export {
  type PoolingConfig,
  type PoolingMode,
  poolingConfig,
  poolingFromConfig,
  poolingModes,
  type PoolOptions,
  pool,
} from "./pool.ts";
export type { Activation, DenseConfig } from "./dense-config.ts";
export {
  endsNormalized,
  moduleConfig,
  moduleSpecs,
  sentenceDimension,
  type SentenceModules,
  sentenceModules,
  type SentenceVectorOptions,
  sentenceVectors,
  type StoredModule,
  type VectorModule,
} from "./sentence-modules.ts";
