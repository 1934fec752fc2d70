import { add, linear } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import { activation } from "./activation.ts";
import type { DenseConfig } from "./dense-config.ts";
import type { ModelParameters } from "./embed-sentences.ts";

/** A dense layer: activation(x·weightᵀ + bias), plus x, or its projection to another size, if the layer is residual. */
export function dense(
  parameters: ModelParameters,
  x: Float<"batch hidden">,
  config: DenseConfig,
): Float<"batch hidden"> {
  const weight = (name: string) => parameters[`${config.path}.${name}`];
  const projected: Float<"batch hidden"> = linear(x, weight("linear.weight")!, weight("linear.bias"));
  const activated = activation(projected, config.activation);
  if (!config.residual) return activated;
  const residual = weight("residual.weight");
  return add(activated, residual === undefined ? x : linear(x, residual));
}
