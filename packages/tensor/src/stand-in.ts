import * as tf from "@tensorflow/tfjs-core";
import type { AnyAxes, Float } from "./named-axes.ts";

/**
 * A tensor that has this shape and no numbers, for an engine that keeps a weight's numbers elsewhere than tensors lie: in memory that threads
 * share. The engine knows it by its `dataId`, as it does a tensor's elements.
 *
 * Ops that the engine has no kernel for refuse it, by {@link expectShapes}: its elements are of tfjs's only type that is no number.
 *
 * @example
 * ```ts
 * import { cpu, isStandIn, standIn } from "@kindred/tensor";
 *
 * await cpu().start();
 * const weight = standIn([768, 3072]);
 * [isStandIn(weight), weight.size]; // => [true, 2359296]
 * ```
 */
export function standIn<Axes extends string = AnyAxes>(shape: readonly number[]): Float<Axes> {
  return tf.engine().makeTensor([] as unknown as tf.DataTypeMap["string"], [...shape], "string");
}

/**
 * Whether a tensor only stands for a weight.
 *
 * @example
 * ```ts
 * import { cpu, isStandIn } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * isStandIn(tf.ones([2])); // => false
 * ```
 */
export function isStandIn({ dtype }: { readonly dtype: tf.DataType }): boolean {
  return dtype === "string";
}
