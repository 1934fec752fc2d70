import { type Core, shardCounts } from "@kindred/mesh";
import { expectShape, type Float } from "@kindred/tensor";
import { kindredReduceScatter } from "./row-ops.ts";

/**
 * This core's rows of the sum over the cores; differentiable.
 *
 * `y_c["batch@data hidden"] = (Σ over cores k of x_k["batch hidden"])[rows of c]`. The objective is the sum of the cores'
 * losses, so the gradient is {@link allGather}: every core gets all cores' dy. `rows` says how many rows each core gets; by
 * default `shardRows` of `@kindred/mesh` deals them.
 *
 * @throws ShapeError unless x is a float32 matrix whose rows are the sum of `rows`.
 *
 * @example
 * ```ts
 * import { cpu } from "@kindred/tensor";
 * import { soloCore } from "@kindred/mesh";
 * import { reduceScatter } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * reduceScatter(tf.tensor2d([[1, 2]]), soloCore()).shape; // => [1, 2]
 * ```
 */
export function reduceScatter(
  x: Float<"batch hidden">,
  core: Core,
  { rows }: { readonly rows?: readonly number[] } = {},
): Float<"batch@data hidden"> {
  expectShape("reduceScatter", "x", x, "batch hidden");
  return kindredReduceScatter({ x }, {}, { core, rows: rows ?? shardCounts(x.shape[0]!, core.size) });
}
