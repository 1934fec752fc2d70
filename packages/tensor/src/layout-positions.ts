import { layoutBatch } from "./layout-batch.ts";
import { layoutRowCount } from "./layout-row-count.ts";
import { sentenceSpan } from "./sentence-span.ts";
import type { SequenceLayout } from "./sequence-layout.ts";

// Every layer of a forward pass asks for the same layout's positions; layouts are frozen, so the object is the key.
const cache = new WeakMap<SequenceLayout, Int32Array>();

/**
 * The position of every row in its sentence, from 0, and −1 for rows of padding.
 *
 * The array is remembered for the layout object and shared: not to be written.
 *
 * @example
 * ```ts
 * import { layoutPositions, packedLayout, paddedLayout } from "@kindred/tensor";
 *
 * layoutPositions(packedLayout([0, 3, 5])); // => [0, 1, 2, 0, 1]
 * layoutPositions(paddedLayout([1, 2], 3)); // => [0, -1, -1, 0, 1, -1]
 * ```
 */
export function layoutPositions(layout: SequenceLayout): Int32Array {
  const known = cache.get(layout);
  if (known) return known;
  const positions = new Int32Array(layoutRowCount(layout)).fill(-1);
  for (let i = 0; i < layoutBatch(layout); i++) {
    const { start, length } = sentenceSpan(layout, i);
    for (let position = 0; position < length; position++) positions[start + position] = position;
  }
  cache.set(layout, positions);
  return positions;
}
