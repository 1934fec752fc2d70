import type { SequenceLayout } from "./sequence-layout.ts";

/** The number of sentences, those of length 0 included. */
export function layoutBatch(layout: SequenceLayout): number {
  return layout.form === "packed" ? layout.starts.length - 1 : layout.batch;
}
