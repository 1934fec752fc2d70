import { ShapeError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";
import { rowsOfCores } from "./rows-of-cores.ts";

/** The rows of all cores, and how many came from each. */
export type GatheredRows = { readonly values: Float32Array; readonly rows: readonly number[] };

/**
 * {@link allGather} on plain arrays: meets cores that call the tensor op, and is for a core that has no rows.
 *
 * Such a core gathers nothing of its own, and where the others run their backward pass it calls {@link reduceScatterRows} with
 * zeros (it has no loss): their sums then lack nothing.
 *
 * @param values `"batch@data hidden"`, row by row; possibly of length 0.
 * @throws ShapeError unless there are whole rows.
 * @throws MeshError if the cores' rows differ in width.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 * import { allGatherRows } from "@kindred/tpu-sharding";
 *
 * allGatherRows(Float32Array.of(1, 2, 3, 4), { hidden: 2, core: soloCore() }).rows; // => [2]
 * ```
 */
export function allGatherRows(
  values: Float32Array,
  { hidden, core }: { readonly hidden: number; readonly core: Core },
): GatheredRows {
  if (!Number.isInteger(values.length / hidden)) {
    const found = `Got ${values.length} elements with hidden ${hidden}`;
    throw new ShapeError(`allGatherRows: not whole rows. ${found}.`, { length: values.length, hidden });
  }
  const rows = rowsOfCores(core, values.length / hidden, hidden);
  return { values: core.allGather(values), rows };
}
