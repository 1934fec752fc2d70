export type { RowOrder, RowsSource, Source, SourceIdentity, StreamSource, TextsRow } from "./source.ts";
export type { SamplerOptions } from "./sampler-options.ts";
export { createSampler, type Sampler, type MixtureState, type SamplerCursor } from "./create-sampler.ts";
export { type Batch, type SampledRow, weightedDraw } from "./mixture.ts";
export type { LaneState, SourceCounts } from "./source-lane.ts";
export { type ReaderPlace, rowHash, type RowHash } from "./row-reader.ts";
