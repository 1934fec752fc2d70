import { layoutBatch, layoutRowCount, type SequenceLayout, sentenceSpan } from "@kindred/tensor";

/** 1/length for the rows of each sentence, 0 for padding. */
export function meanWeights(layout: SequenceLayout): Float32Array {
  const weights = new Float32Array(layoutRowCount(layout));
  for (let i = 0; i < layoutBatch(layout); i++) {
    const { start, length } = sentenceSpan(layout, i);
    weights.fill(1 / length, start, start + length);
  }
  return weights;
}
