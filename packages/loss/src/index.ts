export type { LossData, VectorRows } from "./loss-data.ts";
export type { Loss, LossContext, LossNeeds } from "./loss.ts";
export { lossShare, type LossShareOptions } from "./loss-share.ts";
export { matryoshka } from "./matryoshka.ts";
