export { type LossData, type VectorRows, lossShare, type LossShareOptions } from "./loss-share.ts";
export { isKnownLoss, knownLoss, type Loss, type LossContext, type LossNeeds } from "./loss.ts";
export { batchData, type LossRow, fitRows, type FitRowsOptions } from "./fit-rows.ts";
export { expectLoss } from "./expect-loss.ts";
export { lossOptions } from "./loss-options.ts";
export { vectorRows } from "./vector-rows.ts";
export { type Distance, rowDistances } from "./row-distances.ts";
export { weightedSum, type WeightedLoss } from "./weighted-sum.ts";
export { matryoshka } from "./matryoshka.ts";
