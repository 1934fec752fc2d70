export type { RowsSource, Source, StreamSource } from "./source.ts";
export type { SamplerOptions } from "./sampler-options.ts";
export { createSampler, type Sampler } from "./create-sampler.ts";
export type { Batch, SampledRow } from "./batch.ts";
export type { SourceCounts } from "./source-lane.ts";
export type { SamplerCursor } from "./sampler-cursor.ts";
export { weightedDraw } from "./weighted-draw.ts";
