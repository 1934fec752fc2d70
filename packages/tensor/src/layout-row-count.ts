import type { SequenceLayout } from "./sequence-layout.ts";

/**
 * The number of rows of a `"tokens hidden"` tensor in this layout: padding counts, so a padded layout has batch · seq.
 *
 * @example
 * ```ts
 * import { layoutRowCount, packedLayout, paddedLayout } from "@kindred/tensor";
 *
 * layoutRowCount(packedLayout([0, 3, 5])); // => 5
 * layoutRowCount(paddedLayout([3, 2], 4)); // => 8
 * ```
 */
export function layoutRowCount(layout: SequenceLayout): number {
  return layout.form === "packed" ? layout.starts[layout.starts.length - 1]! : layout.batch * layout.seq;
}
