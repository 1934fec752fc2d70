/** A row of a batch: the index of its source, its number there, and its texts. */
export type SampledRow = { readonly source: number; readonly row: number; readonly texts: readonly string[] };

/** The rows of one optimizer step over all cores, all with the same number of texts. */
export type Batch = { readonly rows: readonly SampledRow[] };
