export type { Split } from "./split.ts";
export { type Dataset, type RowPass, openDataset, type OpenDatasetOptions } from "./open-dataset.ts";
export { readDataConfig, type ResolvedDataConfigEntry } from "./read-data-config.ts";
export { wordnetHeldOut, type WordnetQuestion } from "./wordnet-held-out.ts";
export { type Packing, unpack } from "./unpack.ts";
