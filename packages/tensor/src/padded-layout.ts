import { ShapeError } from "@kindred/errors";
import { checkRows } from "./check-rows.ts";
import type { LayoutOptions } from "./packed-layout.ts";
import type { PaddedLayout } from "./sequence-layout.ts";

/**
 * A checked, frozen {@link PaddedLayout} with copies of the arrays: one sentence a length, `seq` rows each.
 *
 * @param seq rows a sentence, padding included.
 * @throws ShapeError when there is no sentence, `seq` is not a whole number from 1 on, or a length is outside 0 … seq.
 * @example
 * ```ts
 * import { layoutRowCount, paddedLayout } from "@kindred/tensor";
 *
 * layoutRowCount(paddedLayout([3, 0, 2], 4)); // => 12
 * ```
 */
export function paddedLayout(lengths: ArrayLike<number>, seq: number, { rows }: LayoutOptions = {}): PaddedLayout {
  const checked = Array.from(lengths);
  const bad = checked.find((length) => !Number.isInteger(length) || length < 0 || length > seq);
  const rowCount = checked.length * seq;
  if (!Number.isInteger(seq) || seq < 1 || checked.length === 0 || rowCount > 0x7fffffff || bad !== undefined) {
    throw new ShapeError(
      `paddedLayout: lengths do not fit. Got ${checked.length} lengths${bad === undefined ? "" : `, ${bad} among them`}, for ` +
        `${seq} rows each, expected at least one whole length from 0 to seq, and seq from 1 on. Cut longer sentences first.`,
      { lengths: checked, seq },
    );
  }
  const layout: PaddedLayout = { form: "padded", batch: checked.length, seq, lengths: Int32Array.from(checked) };
  return Object.freeze(rows ? { ...layout, rows: checkRows("paddedLayout", rows, checked.length) } : layout);
}
