import { ShapeError } from "@kindred/errors";

/** One axis of a {@link partitionSpec}: its name, and the mesh axis along which it is cut, if it is. */
export type PartitionAxis = { readonly name: string; readonly meshAxis?: "data" };

/**
 * The axes of a shape string, with the mesh axis after `@`: `"batch@data hidden"` is *batch cut along data, hidden whole*.
 *
 * A mesh has one axis, `data`, so at most one axis is cut; an array without a cut axis is whole on every core.
 *
 * @throws ShapeError on an empty name, another mesh axis, or two cut axes.
 *
 * @see Xu et al. 2021, "GSPMD: General and Scalable Parallelization for ML Computation Graphs", §3.1, for the idea of a
 *   partition as an annotation.
 *
 * @example
 * ```ts
 * import { partitionSpec } from "@kindred/tpu-sharding";
 *
 * partitionSpec("batch@data hidden"); // => [{ name: "batch", meshAxis: "data" }, { name: "hidden" }]
 * ```
 */
export function partitionSpec(spec: string): readonly PartitionAxis[] {
  const axes = spec === "" ? [] : spec.split(" ").map((word) => partitionAxis(spec, word));
  if (axes.filter((axis) => axis.meshAxis !== undefined).length <= 1) return axes;
  throw new ShapeError(`partitionSpec: two axes are cut. Got "${spec}", expected at most one "@data".`, { spec });
}

function partitionAxis(spec: string, word: string): PartitionAxis {
  const match = /^([^@]+)(?:@(.*))?$/.exec(word);
  const name = match?.[1];
  const meshAxis = match?.[2];
  if (name !== undefined && meshAxis === undefined) return { name };
  if (name !== undefined && meshAxis === "data") return { name, meshAxis };
  throw new ShapeError(
    `partitionSpec: not an axis. Got "${word}" in "${spec}", expected a name, or a name and "@data", divided by single spaces.`,
    { spec, word },
  );
}
