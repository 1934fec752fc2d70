export type { LossData, VectorRows } from "./loss-data.ts";
export type { Loss, LossContext, LossNeeds } from "./loss.ts";
export { batchData, type LossRow } from "./row-data.ts";
export { fitRows, type FitRowsOptions } from "./fit-rows.ts";
export { expectLoss } from "./expect-loss.ts";
export { lossShare, type LossShareOptions } from "./loss-share.ts";
export { matryoshka } from "./matryoshka.ts";
