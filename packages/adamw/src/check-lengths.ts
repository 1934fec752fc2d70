import { nearestName, ShapeError } from "@kindred/errors";
import type { NamedArrays } from "./named-arrays.ts";

/** Throws a ShapeError unless every gradient has a parameter of its name and length. */
export function checkLengths(functionName: string, gradients: NamedArrays, parameters: NamedArrays): void {
  for (const [name, gradient] of Object.entries(gradients)) {
    const length = Object.hasOwn(parameters, name) ? parameters[name]!.length : undefined;
    if (length === gradient.length) continue;
    if (length === undefined) {
      const nearest = nearestName(name, Object.keys(parameters));
      throw new ShapeError(
        `${functionName}: a gradient has no parameter. Got ${name}, expected one of ${Object.keys(parameters).length} names${nearest === undefined ? "" : ` (nearest: ${nearest})`}. Was the state made from other parameters?`,
        { name, nearest },
      );
    }
    throw new ShapeError(
      `${functionName}: a gradient and its parameter differ in length. Got ${name} with ${gradient.length} and ${length}, expected equal lengths. Were the weights and the gradients cut into shards in the same way?`,
      { name, gradient: gradient.length, parameter: length },
    );
  }
}
