import type * as tf from "@tensorflow/tfjs-core";
import { expectShapes } from "./expect-shapes.ts";
import type { AxisSizes } from "./named-axes.ts";

/**
 * The sizes of a tensor's axes by name. {@link expectShapes} for one argument; the notation and the refusals are explained there.
 *
 * @throws ShapeError when the rank, a literal size or the same name's sizes do not fit, or an axis is empty.
 * @example
 * ```ts
 * import { cpu, expectShape } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const { tokens } = expectShape("meanPool", "x", tf.ones([7, 64]), "tokens hidden");
 * tokens; // => 7
 * ```
 */
export function expectShape<const Axes extends string>(
  functionName: string,
  argumentName: string,
  tensor: tf.Tensor,
  axes: Axes,
): AxisSizes<Axes> {
  return expectShapes(functionName, { [argumentName]: [tensor, axes] }) as AxisSizes<Axes>;
}
