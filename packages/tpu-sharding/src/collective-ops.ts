import { MeshError, ShapeError } from "@kindred/errors";
import { type Core, shardCounts } from "@kindred/mesh";
import { type DefinedOp, defineOp, type Float, type None, toFloat32Array } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

// Ops in which the cores of a mesh meet. Their composites move values between this thread's tensors and shared memory; on a mesh of one
// they are a clone. An engine whose cores are joined otherwise replaces the kernels.

/**
 * A core's place in its mesh, as plain values: what a program may be specialised on, and all that there is of a device, which meets others
 * in ops alone.
 */
export type CorePlace = { readonly index: number; readonly size: number };

/** A core's place, and how many rows each core has. */
export type RowMesh = CorePlace & { readonly rows: readonly number[] };

type LocalRows = Float<"batch@data hidden">;
type AllRows = Float<"batch hidden">;

/** {@link allGather} as an op that an engine may implement. */
export const allGatherOp: DefinedOp<{ x: LocalRows }, None, RowMesh, AllRows> = defineOp({
  name: "KindredAllGather",
  check: ({ x }, _, mesh) => expectRows("allGather", x, ownRows(mesh)),
  composite: ({ x }, _, { rows, ...place }) => {
    if (place.size === 1) return tf.clone(x);
    const hidden = columns(x);
    const values = coreAt(place).allGather(toFloat32Array(x));
    if (values.length === total(rows) * hidden) return tf.tensor(values, [total(rows), hidden], "float32");
    throw new MeshError(
      place.index,
      `allGather: the cores' rows differ in width, or are not as many as was said. Got ${values.length} elements, ` +
        `expected ${total(rows)} rows of ${hidden} as on core ${place.index}.`,
      { elements: values.length, rows, hidden },
    );
  },
  // Every core's loss depends on these rows, so their gradients are summed: d(Σ losses)/dx.
  gradient: (dy, _saved, data, mesh) => ({ x: () => reduceScatterOp({ x: dy }, data, mesh) }),
});

/** {@link reduceScatter} as an op that an engine may implement. */
export const reduceScatterOp: DefinedOp<{ x: AllRows }, None, RowMesh, LocalRows> = defineOp({
  name: "KindredReduceScatter",
  check: ({ x }, _, { rows }) => expectRows("reduceScatter", x, total(rows)),
  composite: ({ x }, _, mesh) => {
    if (mesh.size === 1) return tf.clone(x);
    const { rows } = mesh;
    const hidden = columns(x);
    const own = coreAt(mesh).reduceScatter(toFloat32Array(x), { counts: rows.map((count) => count * hidden) });
    return tf.tensor(own, [ownRows(mesh), hidden], "float32");
  },
  gradient: (dy, _saved, data, mesh) => ({ x: () => allGatherOp({ x: dy }, data, mesh) }),
});

/** How many rows each core has. */
export type RowsOption = {
  /** In core order, the same on every core; {@link shardCounts} gives them for a batch that was dealt evenly. */
  readonly rows: readonly number[];
};

/**
 * The rows of all cores, in core order, on every core; differentiable.
 *
 * `y["batch hidden"] = concat over c of x_c["batch@data hidden"]`; the cores may have unequal numbers of rows, which are known from the
 * batch. The objective is the *sum* of the cores' losses, so the gradient is {@link reduceScatter}:
 * `dx_c = Σ over cores k of dy_k[rows of c]`.
 *
 * All cores must also run the backward pass, as the gradient is a collective. A core without rows has no x: in the same places it calls
 * `core.allGather` with no elements and `core.reduceScatter` with zeros (it has no loss), so that the others' sums lack nothing.
 *
 * Differs from `torch_xla.core.functions.all_gather`, whose gradient only cuts out this core's rows of its own dy and drops the
 * other cores' part. With a loss that is the same on every core (as there), the two differ by a factor that is the number of
 * cores; with losses over each core's own rows (as here), only the sum is the gradient.
 *
 * @throws ShapeError unless x is a float32 matrix of `rows[core.index]` rows.
 * @throws MeshError if the cores' rows differ in width.
 *
 * @see Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", §3.3, for gathering
 *   representations across devices.
 *
 * @example
 * ```ts
 * import { shardCounts, soloCore } from "@kindred/mesh";
 * import { cpu } from "@kindred/tensor";
 * import { allGather } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const core = soloCore();
 * allGather(tf.tensor2d([[1, 2]]), core, { rows: shardCounts(1, core.size) }).shape; // => [1, 2]
 * ```
 */
export function allGather(
  x: Float<"batch@data hidden">,
  core: Core | CorePlace,
  { rows }: RowsOption,
): Float<"batch hidden"> {
  return allGatherOp({ x }, {}, { ...placeOf(core), rows });
}

/**
 * This core's rows of the sum over the cores; differentiable.
 *
 * `y_c["batch@data hidden"] = (Σ over cores k of x_k["batch hidden"])[rows of c]`. The objective is the sum of the cores'
 * losses, so the gradient is {@link allGather}: every core gets all cores' dy. By default {@link shardCounts} deals the rows.
 *
 * @throws ShapeError unless x is a float32 matrix whose rows are the sum of `rows`.
 *
 * @example
 * ```ts
 * import { soloCore } from "@kindred/mesh";
 * import { cpu } from "@kindred/tensor";
 * import { reduceScatter } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * reduceScatter(tf.tensor2d([[1, 2]]), soloCore()).shape; // => [1, 2]
 * ```
 */
export function reduceScatter(
  x: Float<"batch hidden">,
  core: Core | CorePlace,
  { rows = shardCounts(x.shape[0] ?? 0, core.size) }: Partial<RowsOption> = {},
): Float<"batch@data hidden"> {
  return reduceScatterOp({ x }, {}, { ...placeOf(core), rows });
}

/** {@link allReduce} as an op that an engine may implement. */
export const allReduceOp: DefinedOp<{ x: Float }, None, CorePlace, Float> = defineOp({
  name: "KindredAllReduce",
  check: ({ x }) => {
    if (x.dtype === "float32") return;
    throw new ShapeError(`allReduce: x is not float32. Got ${x.dtype} [${x.shape}].`, { dtype: x.dtype, x: x.shape });
  },
  composite: ({ x }, _, place) => {
    if (place.size === 1) return tf.clone(x);
    const values = toFloat32Array(x);
    return tf.tensor(coreAt(place).allReduce(values, { into: values }), x.shape, "float32");
  },
  gradient: (dy, _saved, data, fixed) => ({ x: () => allReduceOp({ x: dy }, data, fixed) }),
});

/**
 * The element-wise sum over the cores, the same on every core; differentiable.
 *
 * `y = Σ over cores k of x_k`, any shape, the same on all cores. The objective is the sum of the cores' losses, so the gradient
 * is allReduce again: `dx_c = Σ over cores k of dy_k`.
 *
 * @throws ShapeError unless x is float32.
 *
 * @example
 * ```ts
 * import { cpu } from "@kindred/tensor";
 * import { soloCore } from "@kindred/mesh";
 * import { allReduce } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * allReduce(tf.tensor1d([1, 2]), soloCore()).dataSync(); // => [1, 2]
 * ```
 */
export function allReduce<Axes extends string>(x: Float<Axes>, core: Core | CorePlace): Float<Axes> {
  return allReduceOp({ x }, {}, placeOf(core));
}

function total(rows: readonly number[]): number {
  return rows.reduce((sum, count) => sum + count, 0);
}

function ownRows({ index, size, rows }: RowMesh): number {
  const own = rows[index];
  if (own !== undefined && rows.length === size) return own;
  throw new ShapeError(`allGather: not one count for every core. Got rows [${rows}], expected ${size} counts.`, {
    rows,
    size,
  });
}

function columns({ shape: [, hidden = 0] }: tf.Tensor): number {
  return hidden;
}

function expectRows(functionName: string, x: tf.Tensor, rows: number): void {
  if (x.rank === 2 && x.dtype === "float32" && x.shape[0] === rows && rows > 0) return;
  throw new ShapeError(
    `${functionName}: x does not fit the mesh. Got ${x.dtype} [${x.shape}], expected float32 "batch hidden" of ${rows} rows, 1 or more.`,
    { x: x.shape, rows },
  );
}

/** The core that this thread is, where it is one of several: a thread is a core of one mesh. */
let ownCore: Core | undefined;

/** The place of a core or a device, for an op; {@link coreAt} finds the core again in the same thread. */
export function placeOf(core: Core | CorePlace): CorePlace {
  if (core.size > 1 && meetsThreads(core)) ownCore = core;
  return { index: core.index, size: core.size };
}

/**
 * The core of this thread that has this place in a mesh of several.
 *
 * @throws MeshError if this thread is not that core.
 */
export function coreAt({ index, size }: CorePlace): Core {
  if (ownCore?.index === index && ownCore.size === size) return ownCore;
  const own = ownCore === undefined ? "none" : `core ${ownCore.index} of ${ownCore.size}`;
  throw new MeshError(
    index,
    `this thread is not core ${index} of ${size}. Got ${own}, expected the core that the op was called with.`,
    { index, size },
  );
}

function meetsThreads(core: Core | CorePlace): core is Core {
  return "barrier" in core;
}
