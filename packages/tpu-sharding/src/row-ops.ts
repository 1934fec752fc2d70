import { ShapeError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";
import { type DefinedOp, defineOp, type Float, type None, toFloat32Array } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

// The two ops are each other's gradient, hence one file. Their composite moves rows between this thread's tensors and shared
// memory; on a mesh of one it is a clone. A backend whose cores are joined otherwise replaces the kernels.

/** The mesh, and how many rows each core has. */
export type RowMesh = { readonly core: Core; readonly rows: readonly number[] };

type LocalRows = Float<"batch@data hidden">;
type AllRows = Float<"batch hidden">;

export const kindredAllGather: DefinedOp<{ x: LocalRows }, None, RowMesh, AllRows> = defineOp({
  name: "KindredAllGather",
  check: ({ x }, _, { core, rows }) => expectRows("allGather", x, rows[core.index]!),
  composite: ({ x }, _, { core, rows }) =>
    core.size === 1 ? tf.clone(x) : tf.tensor(core.allGather(toFloat32Array(x)), [total(rows), x.shape[1]!], "float32"),
  // Every core's loss depends on these rows, so their gradients are summed: d(Σ losses)/dx.
  gradient: (dy, _saved, data, fixed) => ({ x: () => kindredReduceScatter({ x: dy }, data, fixed) }),
});

export const kindredReduceScatter: DefinedOp<{ x: AllRows }, None, RowMesh, LocalRows> = defineOp({
  name: "KindredReduceScatter",
  check: ({ x }, _, { rows }) => expectRows("reduceScatter", x, total(rows)),
  composite: ({ x }, _, { core, rows }) => {
    if (core.size === 1) return tf.clone(x);
    const hidden = x.shape[1]!;
    const own = core.reduceScatter(toFloat32Array(x), { counts: rows.map((count) => count * hidden) });
    return tf.tensor(own, [rows[core.index]!, hidden], "float32");
  },
  gradient: (dy, _saved, data, fixed) => ({ x: () => kindredAllGather({ x: dy }, data, fixed) }),
});

function total(rows: readonly number[]): number {
  return rows.reduce((sum, count) => sum + count, 0);
}

function expectRows(functionName: string, x: tf.Tensor, rows: number): void {
  if (x.rank === 2 && x.dtype === "float32" && x.shape[0] === rows) return;
  throw new ShapeError(
    `${functionName}: x does not fit the mesh. Got ${x.dtype} [${x.shape}], expected float32 "batch hidden" of ${rows} rows.`,
    { x: x.shape, rows },
  );
}
