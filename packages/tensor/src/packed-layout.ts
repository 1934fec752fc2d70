import { ShapeError } from "@kindred/errors";
import { checkRows } from "./check-rows.ts";
import type { PackedLayout } from "./sequence-layout.ts";

/** What {@link packedLayout} and {@link paddedLayout} take besides lengths. */
export type LayoutOptions = {
  /** The number of each sentence in the global batch, for keyed dropout. Default 0, 1, …, batch − 1. */
  readonly rows?: ArrayLike<number>;
};

/**
 * A checked, frozen {@link PackedLayout} with copies of the arrays.
 *
 * Sentences of length 0 are allowed, a batch of no sentence is not.
 *
 * @param starts batch + 1 row offsets, as the tokenizer gives them.
 * @throws ShapeError when `starts` is shorter than 2, does not begin at 0, or falls.
 * @example
 * ```ts
 * import { packedLayout, sentenceSpan } from "@kindred/tensor";
 *
 * const layout = packedLayout([0, 3, 3, 5]);
 * sentenceSpan(layout, 2); // => { start: 3, length: 2 }
 * ```
 */
export function packedLayout(starts: ArrayLike<number>, { rows }: LayoutOptions = {}): PackedLayout {
  const offsets = Array.from(starts);
  const bad = offsets.findIndex(
    (start, i) => !(Number.isInteger(start) && start <= 0x7fffffff && start >= (offsets[i - 1] ?? 0)),
  );
  if (offsets.length < 2 || offsets[0] !== 0 || bad !== -1) {
    const got =
      bad === -1
        ? `[${offsets.slice(0, 3).join(", ")}${offsets.length > 3 ? ", …" : ""}]`
        : `${offsets[bad]} at ${bad}`;
    throw new ShapeError(
      `packedLayout: starts are not the offsets of a batch. Got ${got}, expected at least two whole numbers from 0 on that ` +
        "never fall. Give the row where each sentence starts, and the number of rows at the end.",
      { starts: offsets },
    );
  }
  const layout: PackedLayout = { form: "packed", starts: Int32Array.from(offsets) };
  return Object.freeze(rows ? { ...layout, rows: checkRows("packedLayout", rows, offsets.length - 1) } : layout);
}
