import { ShapeError } from "@kindred/errors";
import type { ParameterShards } from "./parameter-shards.ts";

/** Of a parameter whose gradient is zero in most rows: which rows each core has added to in this step. */
export type TouchedRows = {
  /** Elements of a row. */
  readonly rowLength: number;
  /** One array a core, in shared memory: 1 for a row that it has added to, else 0. */
  readonly byCore: readonly Uint8Array[];
};

/**
 * Shared memory for the parameters that a step touches in few rows (embedding tables), by name: a byte a row and core.
 *
 * @param rowLengths elements of a row, of each of these parameters.
 * @throws ShapeError if there is no such parameter, or it is not a whole number of rows.
 *
 * @example
 * ```ts
 * import { parameterShards, touchedRows } from "@kindred/tpu-sharding";
 *
 * const tables = touchedRows(parameterShards({ table: 6, bias: 3 }, 2), { table: 2 });
 * tables.table.byCore.length; // => 2
 * tables.table.byCore[0]; // => [0, 0, 0]
 * ```
 */
export function touchedRows<Name extends string>(
  { parameters, shards }: ParameterShards,
  rowLengths: Readonly<Record<Name, number>>,
): Readonly<Record<Name, TouchedRows>>;
export function touchedRows(
  { parameters, shards }: ParameterShards,
  rowLengths: Readonly<Record<string, number>>,
): Readonly<Record<string, TouchedRows>> {
  const tables = Object.entries(rowLengths).map(([name, rowLength]) => {
    const length = parameters.find((parameter) => parameter.name === name)?.length;
    const rows = (length ?? Number.NaN) / rowLength;
    if (!(Number.isInteger(rows) && Number.isInteger(rowLength) && rowLength > 0)) {
      throw new ShapeError(
        `touchedRows: no such table. Got rows of ${rowLength} for "${name}", expected ${length === undefined ? "a name from parameterShards" : `a divisor of its ${length} elements`}.`,
        { name, rowLength, length },
      );
    }
    return [name, { rowLength, byCore: shards.map(() => new Uint8Array(new SharedArrayBuffer(rows))) }] as const;
  });
  return Object.fromEntries(tables);
}
