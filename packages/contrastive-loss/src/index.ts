export type { TextIds } from "./false-negatives.ts";
export type { Direction } from "./softmax-directions.ts";
export { type ContrastiveLossOptions, contrastiveLoss } from "./contrastive-loss.ts";
