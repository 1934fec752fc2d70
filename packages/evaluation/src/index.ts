export { bm25Index, type Bm25Hit, type Bm25Index, type Bm25Options } from "./bm25-index.ts";
export { pearson } from "./pearson.ts";
export { spearman } from "./spearman.ts";
export { type ScoredPairs, scoredPairs, type ScoredPairsMetrics, type ScoredPairsOptions } from "./scored-pairs.ts";
export { pairRanks, type RightOptions, type TieOptions, type TiePolicy } from "./pair-ranks.ts";
export { mrrOfPairs, type MrrOptions } from "./mrr-of-pairs.ts";
export { rightRanks } from "./right-ranks.ts";
export { type PoolValues, poolValues } from "./pool-values.ts";
export { chanceMrr } from "./chance-mrr.ts";
export { type RetrievalTask, retrievalMetrics } from "./retrieval-metrics.ts";
export { type RetrievalCuts, type RetrievalMetric, type RetrievalMetrics, rankingMetrics } from "./ranking-metrics.ts";
export { tripletAccuracy, type TripletOptions, type Triplets } from "./triplet-accuracy.ts";
export { type PairClassification, pairClassification } from "./pair-classification.ts";
export { distinctBatches } from "./distinct-batches.ts";
export {
  oneOf100Accuracy,
  type OneOf100Options,
  type OneOf100Result,
  type ResponsePairs,
} from "./one-of-100-accuracy.ts";
export { correlationInterval, type Interval, meanInterval, precisionInterval } from "./confidence-interval.ts";
