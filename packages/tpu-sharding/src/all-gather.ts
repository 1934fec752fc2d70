import type { Core } from "@kindred/mesh";
import { expectShape, type Float } from "@kindred/tensor";
import { kindredAllGather } from "./row-ops.ts";
import { rowsOfCores } from "./rows-of-cores.ts";

/**
 * The rows of all cores, in core order, on every core; differentiable.
 *
 * `y["batch hidden"] = concat over c of x_c["batch@data hidden"]`; the cores may have unequal numbers of rows. The objective is
 * the *sum* of the cores' losses, so the gradient is {@link reduceScatter}: `dx_c = Σ over cores k of dy_k[rows of c]`.
 *
 * All cores must also run the backward pass, as the gradient is a collective. A core without rows has no x: it calls
 * {@link allGatherRows} and {@link reduceScatterRows} instead, in the same places.
 *
 * Differs from `torch_xla.core.functions.all_gather`, whose gradient only cuts out this core's rows of its own dy and drops the
 * other cores' part. With a loss that is the same on every core (as there), the two differ by a factor that is the number of
 * cores; with losses over each core's own rows (as here), only the sum is the gradient.
 *
 * @throws ShapeError unless x is a float32 matrix with at least one row.
 * @throws MeshError if the cores' rows differ in width.
 *
 * @see Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", §3.3, for gathering
 *   representations across devices.
 *
 * @example
 * ```ts
 * import { cpu } from "@kindred/tensor";
 * import { soloCore } from "@kindred/mesh";
 * import { allGather } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * allGather(tf.tensor2d([[1, 2]]), soloCore()).shape; // => [1, 2]
 * ```
 */
export function allGather(x: Float<"batch@data hidden">, core: Core): Float<"batch hidden"> {
  expectShape("allGather", "x", x, "batch hidden");
  return kindredAllGather({ x }, {}, { core, rows: rowsOfCores(core, x.shape[0]!, x.shape[1]!) });
}
