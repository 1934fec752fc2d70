import { ShapeError } from "@kindred/errors";
import type { Layout, LayoutData } from "./layout.ts";

/** One sentence of a batch. */
export type SentenceSpan = {
  /** Its first row. */
  readonly start: number;
  /** Its tokens, a row each. */
  readonly length: number;
  /** Its number in the global batch. */
  readonly number: number;
};

/**
 * The sentences of a layout one by one, those of length 0 included.
 *
 * @example
 * ```ts
 * import { padded, sentencesOf } from "@kindred/tensor";
 *
 * sentencesOf(padded([3, 2], 4).data)[1]; // => { start: 4, length: 2, number: 1 }
 * ```
 */
export function sentencesOf({ starts, lengths, numbers }: LayoutData): SentenceSpan[] {
  return Array.from(lengths, (length, i) => ({ start: starts[i] ?? 0, length, number: numbers?.[i] ?? i }));
}

// Every layer of a forward pass asks for the same layout's positions. Arrays of data are not written, so one is the key.
const positionsOf = new WeakMap<Int32Array, Int32Array>();

/**
 * The position of every row in its sentence, from 0, and −1 for rows of padding.
 *
 * The array is remembered for the layout and shared: not to be written.
 *
 * @example
 * ```ts
 * import { layoutPositions, packed, padded } from "@kindred/tensor";
 *
 * layoutPositions(packed([3, 2])); // => [0, 1, 2, 0, 1]
 * layoutPositions(padded([1, 2], 3)); // => [0, -1, -1, 0, 1, -1]
 * ```
 */
export function layoutPositions({ fixed, data }: Layout): Int32Array {
  const known = positionsOf.get(data.lengths);
  if (known) return known;
  const positions = new Int32Array(fixed.rows).fill(-1);
  for (const { start, length } of sentencesOf(data)) {
    for (let position = 0; position < length; position++) positions[start + position] = position;
  }
  positionsOf.set(data.lengths, positions);
  return positions;
}

/**
 * The ids of a batch, all sentences' tokens end to end, in the order of a layout's rows, with `padding` in rows of padding. Those of a
 * packed layout are given back as they are.
 *
 * @throws ShapeError when there is not one id a token
 * @example
 * ```ts
 * import { inRows, padded } from "@kindred/tensor";
 *
 * inRows(Int32Array.of(7, 8, 9), padded([1, 2], 3), 0); // => [7, 0, 0, 8, 9, 0]
 * ```
 */
export function inRows(ids: Int32Array, { form, fixed, data }: Layout, padding: number): Int32Array {
  const tokens = data.lengths.reduce((sum, length) => sum + length, 0);
  if (ids.length !== tokens) {
    throw new ShapeError(
      `inRows: ids and layout don't fit. Got ${ids.length} ids and sentences of ${tokens} tokens, expected as many. Was the layout ` +
        "made for another batch?",
      { ids: ids.length, tokens },
    );
  }
  if (form === "packed") return ids;
  const rows = new Int32Array(fixed.rows).fill(padding);
  let from = 0;
  for (const { start, length } of sentencesOf(data)) {
    rows.set(ids.subarray(from, from + length), start);
    from += length;
  }
  return rows;
}
