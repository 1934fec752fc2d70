export type { Direction } from "./softmax-directions.ts";
export type { HardnessMode } from "./harder-negatives.ts";
export { type ContrastiveOptions, contrastive } from "./contrastive.ts";
export { symmetric } from "./symmetric.ts";
export { gist, type GistOptions } from "./gist.ts";
