import { type LayoutData, type LayoutFixed, sentencesOf } from "@kindred/tensor";

/** 1/length for the rows of each sentence, 0 for padding. */
export function meanWeights(data: LayoutData, { rows }: LayoutFixed): Float32Array {
  const weights = new Float32Array(rows);
  for (const { start, length } of sentencesOf(data)) weights.fill(1 / length, start, start + length);
  return weights;
}
