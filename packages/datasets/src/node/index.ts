export type { Split } from "./split.ts";
export { type Dataset, type FileFormat, type RowPass, openDataset, type OpenDatasetOptions } from "./open-dataset.ts";
export { readDataConfig, type ResolvedDataConfigEntry } from "./read-data-config.ts";
export { wordnetHeldOut, type WordnetQuestion } from "./wordnet-held-out.ts";
export { type Packing, unpack } from "./unpack.ts";
export {
  prepareReddit,
  type PrepareRedditOptions,
  type RedditProgress,
  type RedditReport,
} from "./reddit/prepare-reddit.ts";
export type { RedditLeftOut } from "./reddit/gather-part.ts";
export type { ShardCounts } from "./reddit/write-shards.ts";
export { isTrainingThread } from "./reddit/thread-hash.ts";
