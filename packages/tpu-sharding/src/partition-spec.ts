import { ShapeError } from "@kindred/errors";
import { shardRows } from "@kindred/mesh";

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

/** An array of rows × size × inner elements, cut along the middle; `size` is undefined where nothing is cut. */
export type CutAxis = { readonly outer: number; readonly size: number | undefined; readonly inner: number };

/** Where a spec cuts an array of this shape. */
export function cutAxis(functionName: string, spec: string, shape: readonly number[]): CutAxis {
  const axes = partitionSpec(spec);
  if (axes.length !== shape.length || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new ShapeError(`${functionName}: the shape does not fit the spec. Got [${shape}] for "${spec}".`, {
      spec,
      shape,
    });
  }
  const cut = axes.findIndex((axis) => axis.meshAxis !== undefined);
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  const size = shape[cut];
  if (size === undefined) return { outer: 1, size, inner: product(shape) };
  return { outer: product(shape.slice(0, cut)), size, inner: product(shape.slice(cut + 1)) };
}

/** The runs of consecutive elements that one core holds: where each stands in the whole and in the shard, and their length. */
export function runsOf(
  { outer, size, inner }: CutAxis,
  cores: number,
  index: number,
): { length: number; runs: readonly { whole: number; shard: number }[] } {
  if (size === undefined) return { length: inner, runs: [{ whole: 0, shard: 0 }] };
  const { start, count } = shardRows(size, cores, index);
  const length = count * inner;
  const runs = Array.from({ length: outer }, (_, row) => ({
    whole: (row * size + start) * inner,
    shard: row * length,
  }));
  return { length, runs };
}

/** Elements of the whole array. */
export function elementCount({ outer, size, inner }: CutAxis): number {
  return outer * (size ?? 1) * inner;
}
