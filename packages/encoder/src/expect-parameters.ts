import { ShapeError } from "@kindred/errors";
import { weightShape } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import type { EncoderParameters, ParameterSpec } from "./parameter-spec.ts";

/**
 * Checks that there is a tensor of the right shape for every spec; further ones are ignored.
 *
 * @param functionName what the error says was called
 * @throws ShapeError naming the first parameter that is missing, with those that are there, or has another shape
 *
 * @example
 * ```ts
 * import { expectParameters, parameterNamed } from "@kindred/encoder";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const parameters = { "dense.bias": tf.zeros([3]) };
 * expectParameters("encode", parameters, [{ name: "dense.bias", shape: [3], kind: "shift" }]);
 * parameterNamed<"out">(parameters, "dense.bias").shape; // => [3]
 * ```
 */
export function expectParameters(
  functionName: string,
  parameters: EncoderParameters,
  specs: readonly ParameterSpec[],
): void {
  for (const { name, shape } of specs) {
    const tensor = parameterNamed(parameters, name, functionName);
    const given = weightShape(tensor);
    if (given.length === shape.length && given.every((size, axis) => size === shape[axis])) continue;
    throw new ShapeError(
      `${functionName}: parameter ${name} does not fit the configuration. Got [${given.join(", ")}], expected [${shape.join(", ")}]. ` +
        "Do the weights and config.json belong to one model?",
      { name, shape: given, expected: shape },
    );
  }
}

/**
 * The tensor of a name; the caller says its axes, as {@link expectParameters} has checked them against a spec.
 *
 * @throws ShapeError if there is none
 *
 * @example
 * ```ts
 * import { parameterNamed } from "@kindred/encoder";
 * import { linear } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const parameters = { "dense.weight": tf.ones([2, 3]), "dense.bias": tf.zeros([2]) };
 * const weight = parameterNamed<"out in">(parameters, "dense.weight");
 * linear(tf.ones([1, 3]), weight, parameterNamed<"out">(parameters, "dense.bias")).dataSync(); // => [3, 3]
 * ```
 */
export function parameterNamed<Axes extends string>(
  parameters: EncoderParameters,
  name: string,
  functionName = "parameterNamed",
): Float<Axes> {
  const tensor: tf.Tensor | undefined = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (tensor !== undefined) return tensor;
  const others = Object.keys(parameters);
  throw new ShapeError(
    `${functionName}: parameter ${name} is missing. Got ${others.length} others${others.length === 0 ? "" : `, ${others.slice(0, 3).join(", ")} … among them`}. ` +
      "Do the weights and config.json belong to one model?",
    { name },
  );
}
