import type { SequenceLayout } from "./sequence-layout.ts";

/**
 * The number of sentences, those of length 0 included.
 *
 * @example
 * ```ts
 * import { layoutBatch, packedLayout } from "@kindred/tensor";
 *
 * layoutBatch(packedLayout([0, 3, 3, 5])); // => 3
 * ```
 */
export function layoutBatch(layout: SequenceLayout): number {
  return layout.form === "packed" ? layout.starts.length - 1 : layout.batch;
}
