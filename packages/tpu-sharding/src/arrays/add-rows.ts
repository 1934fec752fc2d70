import { ShapeError } from "@kindred/errors";

/** `table[rows[i]] += values[i]`, row by row in that order; rows below 0 are left out. */
export function addRows(
  name: string,
  table: Float32Array,
  { rows, values, rowLength }: { readonly rows: Int32Array; readonly values: Float32Array; readonly rowLength: number },
): void {
  if (rows.length === 0 && values.length === 0) return;
  const count = table.length / rowLength;
  const bad = rows.findIndex((row) => row >= count);
  if (bad >= 0 || !Number.isInteger(count) || values.length !== rows.length * rowLength) {
    throw new ShapeError(
      `addGradient: no such rows of "${name}". Got ${values.length} elements for ${rows.length} rows${bad < 0 ? "" : `, one of them ${rows[bad]}`}, ` +
        `expected ${rowLength} a row, and rows below ${count}.`,
      { name, rows: rows.length, length: values.length, row: rows[bad] },
    );
  }
  for (let i = 0; i < rows.length; i++)
    if (rows[i]! >= 0) addRow(table, rows[i]! * rowLength, values, i * rowLength, rowLength);
}

function addRow(to: Float32Array, at: number, from: Float32Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i]! += from[start + i]!;
}
