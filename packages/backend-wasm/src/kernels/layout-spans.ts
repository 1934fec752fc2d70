import { layoutBatch, type SequenceLayout, sentenceSpan } from "@kindred/tensor";

/** Bytes that {@link writeSpans} writes. */
export function spanBytes(layout: SequenceLayout): number {
  return layoutBatch(layout) * 12;
}

/** Writes a layout as kernels read it: first row, length and global number of each sentence, int32, at `address`. */
export function writeSpans(heap: Uint8Array<ArrayBuffer>, address: number, layout: SequenceLayout): void {
  const spans = new Int32Array(heap.buffer, address, layoutBatch(layout) * 3);
  for (let i = 0; i < layoutBatch(layout); i++) {
    const { start, length } = sentenceSpan(layout, i);
    spans[3 * i] = start;
    spans[3 * i + 1] = length;
    spans[3 * i + 2] = layout.rows?.[i] ?? i;
  }
}

/** The number of tokens of the longest sentence. */
export function longestSentence(layout: SequenceLayout): number {
  let longest = 0;
  for (let i = 0; i < layoutBatch(layout); i++) longest = Math.max(longest, sentenceSpan(layout, i).length);
  return longest;
}
