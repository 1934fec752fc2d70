export type { RowGroupName, RowOrder, RowsSource, Source, SourceIdentity, StreamSource, TextsRow } from "./source.ts";
export { type Mixing, type SamplerOptions, sourceShares } from "./sampler-options.ts";
export { createSampler, type Sampler, type MixtureState, type SamplerCursor } from "./create-sampler.ts";
export type { MixingPlace, SampledRow } from "./mixing.ts";
export { type Batch, weightedDraw } from "./mixture.ts";
export { temperatureWeights } from "./source-weights.ts";
export type { LaneState, SourceCounts } from "./source-lane.ts";
export { type ReaderPlace, rowHash, type RowHash } from "./row-reader.ts";
