export { openDataset, type OpenDatasetOptions } from "./open-dataset.ts";
export type { Dataset, Split } from "./dataset.ts";
export { readDataConfig, type ResolvedDataConfigEntry } from "./read-data-config.ts";
export { wordnetHeldOut, type WordnetQuestion } from "./wordnet-held-out.ts";
