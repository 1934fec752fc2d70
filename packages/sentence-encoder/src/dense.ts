import { add, linear } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { activation } from "./activation.ts";
import type { DenseConfig } from "./dense-config.ts";
import type { ModelParameters } from "./embed-sentences.ts";

/** A dense layer: activation(x·weightᵀ + bias), plus x, or its projection to another size, if the layer is residual. */
export function dense(
  parameters: ModelParameters,
  x: Float<"batch hidden">,
  config: DenseConfig,
): Float<"batch hidden"> {
  const weight = (name: string) => parameters[`${config.path}.${name}`] as tf.Tensor | undefined;
  const rows = x as tf.Tensor; // linear calls its rows tokens
  const projected: tf.Tensor = linear(rows, weight("linear.weight")!, weight("linear.bias"));
  const activated = activation(projected, config.activation);
  if (!config.residual) return activated as tf.Tensor;
  const residual = weight("residual.weight");
  return add(activated as tf.Tensor, residual === undefined ? rows : (linear(rows, residual) as tf.Tensor));
}
