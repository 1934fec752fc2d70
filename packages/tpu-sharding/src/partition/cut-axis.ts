import { ShapeError } from "@kindred/errors";
import { partitionSpec } from "../partition-spec.ts";
import { shardRows } from "../shard-rows.ts";

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
  if (cut < 0) return { outer: 1, size: undefined, inner: product(shape) };
  return { outer: product(shape.slice(0, cut)), size: shape[cut]!, inner: product(shape.slice(cut + 1)) };
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
