import type { SequenceLayout } from "./sequence-layout.ts";

/**
 * The first row of sentence i and the number of its rows, without padding. `i` is not checked.
 *
 * @example
 * ```ts
 * import { paddedLayout, sentenceSpan } from "@kindred/tensor";
 *
 * sentenceSpan(paddedLayout([3, 2], 4), 1); // => { start: 4, length: 2 }
 * ```
 */
export function sentenceSpan(layout: SequenceLayout, i: number): { readonly start: number; readonly length: number } {
  if (layout.form === "padded") return { start: i * layout.seq, length: layout.lengths[i]! };
  const start = layout.starts[i]!;
  return { start, length: layout.starts[i + 1]! - start };
}
