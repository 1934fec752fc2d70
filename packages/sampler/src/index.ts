export type { RowsSource, Source, SourceIdentity, StreamSource, TextsRow } from "./source.ts";
export type { SamplerOptions } from "./sampler-options.ts";
export { createSampler, type Sampler } from "./create-sampler.ts";
export type { Batch, SampledRow } from "./mixture.ts";
export type { LaneState, SourceCounts } from "./source-lane.ts";
export type { MixtureState, SamplerCursor } from "./sampler-cursor.ts";
export { weightedDraw } from "./weighted-draw.ts";
