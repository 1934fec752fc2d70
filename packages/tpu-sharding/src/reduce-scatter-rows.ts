import type { Core } from "@kindred/mesh";

/**
 * {@link reduceScatter} on plain arrays: meets cores that call the tensor op, or run the backward pass of {@link allGather}.
 *
 * @param values `"batch hidden"`, row by row.
 * @param options `rows` of each core, as {@link allGatherRows} gives them.
 * @returns this core's rows of the sum.
 * @throws ShapeError if values do not have Σ rows · hidden elements.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 * import { reduceScatterRows } from "@kindred/tpu-sharding";
 *
 * reduceScatterRows(Float32Array.of(1, 2), { rows: [1], hidden: 2, core: soloCore() }); // => [1, 2]
 * ```
 */
export function reduceScatterRows(
  values: Float32Array,
  { rows, hidden, core }: { readonly rows: readonly number[]; readonly hidden: number; readonly core: Core },
): Float32Array {
  return core.reduceScatter(values, { counts: rows.map((count) => count * hidden) });
}
