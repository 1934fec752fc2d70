import { MeshError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";

/** How many rows each core has; a `MeshError` if the cores' rows differ in width. The first half of every allGather. */
export function rowsOfCores(core: Core, rows: number, hidden: number): readonly number[] {
  const sizes = core.allGather(Int32Array.of(rows, hidden));
  for (let index = 0; index < core.size; index++) {
    if (sizes[2 * index + 1] === sizes[1]) continue;
    throw new MeshError(
      index,
      `allGather: the cores' rows differ in width. Got hidden ${sizes[1]} on core 0 and ${sizes[2 * index + 1]} on core ${index}.`,
      { hidden: Array.from({ length: core.size }, (_, c) => sizes[2 * c + 1]) },
    );
  }
  return Array.from({ length: core.size }, (_, index) => sizes[2 * index]!);
}
