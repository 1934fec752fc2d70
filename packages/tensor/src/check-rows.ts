import { ShapeError } from "@kindred/errors";

/** A copy of the global sentence numbers of a layout, checked: one a sentence, whole, not negative. */
export function checkRows(functionName: string, rows: ArrayLike<number>, batch: number): Int32Array {
  const bad = Array.from(rows).find((row) => !Number.isInteger(row) || row < 0 || row > 0x7fffffff);
  if (rows.length !== batch || bad !== undefined) {
    throw new ShapeError(
      `${functionName}: rows do not number the sentences. Got ${bad ?? `${rows.length} of them for ${batch} sentences`}, ` +
        "expected one whole number from 0 to 2147483647 a sentence. Give each sentence its place in the global batch.",
      { rows: Array.from(rows), batch },
    );
  }
  return Int32Array.from(rows);
}
