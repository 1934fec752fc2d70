export type { Direction } from "./softmax-directions.ts";
export { type ContrastiveOptions, contrastive } from "./contrastive.ts";
