import type { TouchedRows } from "./touched-rows.ts";

/** What one core knows about the gradient of a parameter that a step touches in few rows. What nobody touches is zero, always. */
export type TableGradient = {
  readonly rowLength: number;
  /** Says that the rows of these numbers may have been written; numbers below 0 are no rows. */
  touch(rows: Int32Array): void;
  /** Says that any row may have been written. */
  touchAll(): void;
  /**
   * Start and end of every run of rows that some core has touched, in order, within `length` elements of the table from `offset` on
   * and counted from there. For when all cores have added what they have.
   */
  touchedRuns(part: { readonly offset: number; readonly length: number }): Int32Array;
  /** Makes the rows that this core has touched zero again. For when nobody reads them any more. */
  clear(): void;
};

/** The gradient of a table that core `core` keeps, whole, in `gradient`. */
export function tableGradient(gradient: Float32Array, { rowLength, byCore }: TouchedRows, core: number): TableGradient {
  const own = byCore[core]!;
  const isTouched = (row: number) => byCore.some((marks) => marks[row] === 1);
  return {
    rowLength,
    touch(rows) {
      for (const row of rows) if (row >= 0) own[row] = 1;
    },
    touchAll: () => {
      own.fill(1);
    },
    touchedRuns({ offset, length }) {
      const runs: number[] = [];
      for (let row = Math.floor(offset / rowLength); row * rowLength < offset + length; row++) {
        if (!isTouched(row)) continue;
        const start = Math.max(0, row * rowLength - offset);
        if (runs.at(-1) === start) runs.pop();
        else runs.push(start);
        runs.push(Math.min(length, (row + 1) * rowLength - offset));
      }
      return Int32Array.from(runs);
    },
    clear() {
      for (let row = own.indexOf(1); row >= 0; row = own.indexOf(1, row + 1)) {
        gradient.fill(0, row * rowLength, (row + 1) * rowLength);
      }
      own.fill(0);
    },
  };
}
