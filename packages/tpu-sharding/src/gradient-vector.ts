import { ShapeError } from "@kindred/errors";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type NamedArrays, parameterViews, type StoreMemory, type TouchedRows } from "./store-memory.ts";

/** A gradient that is zero but in some rows: `values[i]` belongs to row `rows[i]`; rows below 0 are left out, others may repeat. */
export type GradientRows = { readonly rows: Int32Array; readonly values: Float32Array | Tensor };

/** Copies a tensor's elements, at once. */
export type ReadTensor = (from: Tensor, into: Float32Array) => void;

/**
 * One core's gradients of a step, adding up in its vector. Of a table only rows that somebody has touched can be anything but zero, and
 * each core notes those that it has.
 */
export type GradientVector = {
  /** Adds a gradient, or what is not zero of it; of a frozen parameter nothing. */
  add(name: string, gradient: Float32Array | Tensor | GradientRows): void;
  /** All gradients, whole, but of frozen parameters; zeros for a parameter that got none. */
  all(): NamedArrays;
  /**
   * Start and end of every run of a table's elements that some core has touched, in order, within `length` elements from `offset` on and
   * counted from there; undefined for what is no table. For when all cores have added what they have.
   */
  touchedRuns(part: {
    readonly name: string;
    readonly offset: number;
    readonly length: number;
  }): Int32Array | undefined;
  /** Begins a step: the rows that this core has touched are zero again, and nothing is added yet. For when nobody reads them any more. */
  restart(): void;
};

type Own = {
  readonly sum: Float32Array;
  readonly table: (TouchedRows & { readonly touched: Uint8Array }) | undefined;
  /** Whether `sum` is this step's. A table's always is; what else stands in the vector is left from the step before. */
  isCurrent: boolean;
};

/** The gradients that core `core` keeps in its vector. A table is expected to be zero there at the beginning of each step. */
export function gradientVector(
  { shards, gradients, tables, frozen }: StoreMemory,
  core: number,
  read: ReadTensor,
): GradientVector {
  const sums = parameterViews(shards, gradients[core] ?? new Float32Array());
  const own = new Map<string, Own>();
  for (const [name, sum] of Object.entries(sums)) {
    const table = tables[name];
    const touched = table?.byCore[core];
    const isTable = table !== undefined && touched !== undefined;
    own.set(name, { sum, table: isTable ? { ...table, touched } : undefined, isCurrent: isTable });
  }

  function add(name: string, gradient: Float32Array | Tensor | GradientRows): void {
    if (frozen.has(name)) return;
    const entry = own.get(name);
    if (entry === undefined || !("rows" in gradient || sizeOf(gradient) === entry.sum.length))
      throw noSuchGradient(name, gradient, entry?.sum);
    if ("rows" in gradient) addRows(name, entry, { ...gradient, values: arrayOf(gradient.values, read) });
    else addDense(entry, gradient, read);
    entry.isCurrent = true;
  }

  function all(): NamedArrays {
    for (const entry of own.values()) {
      if (!entry.isCurrent) entry.sum.fill(0);
      entry.isCurrent = true;
    }
    return sums;
  }

  function touchedRuns({ name, offset, length }: Parameters<GradientVector["touchedRuns"]>[0]): Int32Array | undefined {
    const table = tables[name];
    if (table === undefined) return undefined;
    const { rowLength, byCore } = table;
    const runs: number[] = [];
    for (let row = Math.floor(offset / rowLength); row * rowLength < offset + length; row++) {
      if (!byCore.some((marks) => marks[row] === 1)) continue;
      const start = Math.max(0, row * rowLength - offset);
      if (runs.at(-1) === start) runs.pop();
      else runs.push(start);
      runs.push(Math.min(length, (row + 1) * rowLength - offset));
    }
    return Int32Array.from(runs);
  }

  function restart(): void {
    for (const entry of own.values()) {
      const { sum, table } = entry;
      entry.isCurrent = table !== undefined;
      if (table === undefined) continue;
      const { touched, rowLength } = table;
      for (let row = touched.indexOf(1); row >= 0; row = touched.indexOf(1, row + 1)) {
        sum.fill(0, row * rowLength, (row + 1) * rowLength);
      }
      touched.fill(0);
    }
  }

  return { add, all, touchedRuns, restart };
}

function addDense({ sum, table, isCurrent }: Own, gradient: Float32Array | Tensor, read: ReadTensor): void {
  if (isCurrent) {
    const more = arrayOf(gradient, read);
    // Both have as many elements: the caller has seen to it.
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + more[i]!; // see above
  } else if (gradient instanceof Float32Array) sum.set(gradient);
  else read(gradient, sum);
  if (table === undefined) return;
  table.touched.fill(1);
  const { rowWithoutGradient: row, rowLength } = table;
  if (row !== undefined) sum.fill(0, row * rowLength, (row + 1) * rowLength);
}

/** `sum[rows[i]] += values[i]`, row by row in that order. */
function addRows(
  name: string,
  { sum, table, isCurrent }: Own,
  { rows, values }: { readonly rows: Int32Array; readonly values: Float32Array },
): void {
  if (!isCurrent) sum.fill(0);
  const rowLength = table?.rowLength ?? values.length / rows.length;
  if (rows.length === 0 && values.length === 0) return;
  const count = sum.length / rowLength;
  const bad = rows.find((row) => row >= count);
  if (bad !== undefined || !Number.isInteger(count) || values.length !== rows.length * rowLength) {
    throw new ShapeError(
      `add: no such rows of "${name}". Got ${values.length} elements for ${rows.length} rows${bad === undefined ? "" : `, one of them ${bad}`}, ` +
        `expected ${rowLength} a row, and rows below ${count}.`,
      { name, rows: rows.length, length: values.length, row: bad },
    );
  }
  for (const [i, row] of rows.entries()) {
    if (row < 0 || row === table?.rowWithoutGradient) continue;
    addRow(sum, row * rowLength, values, i * rowLength, rowLength);
    if (table !== undefined) table.touched[row] = 1;
  }
}

/** Both ranges lie within their arrays: `addRows` has seen to it. */
function addRow(to: Float32Array, at: number, from: Float32Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = to[at + i]! + from[start + i]!; // see above
}

function noSuchGradient(name: string, gradient: Float32Array | Tensor | GradientRows, sum: Float32Array | undefined) {
  const got = "rows" in gradient ? `${gradient.rows.length} rows` : `${sizeOf(gradient)} elements`;
  const expected = sum === undefined ? "the name of a parameter" : `${sum.length} elements`;
  return new ShapeError(`add: no such gradient. Got ${got} for "${name}", expected ${expected}.`, { name });
}

function sizeOf(gradient: Float32Array | Tensor): number {
  return gradient instanceof Float32Array ? gradient.length : gradient.size;
}

function arrayOf(gradient: Float32Array | Tensor, read: ReadTensor): Float32Array {
  if (gradient instanceof Float32Array) return gradient;
  const values = new Float32Array(gradient.size);
  read(gradient, values);
  return values;
}
