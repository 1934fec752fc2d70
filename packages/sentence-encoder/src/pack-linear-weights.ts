import { packWeight } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";

/**
 * A model's parameters with the weights of its linear maps, which are the matrices with a bias beside them, as the backend multiplies
 * by them: for embedding only. It owns `parameters`: those that it replaces are freed, one after another.
 */
export function packLinearWeights(parameters: ModelParameters): ModelParameters {
  const pack = (name: string, parameter: Float): Float => {
    if (parameter.rank !== 2 || !Object.hasOwn(parameters, name.replace(/weight$/, "bias"))) return parameter;
    const packed = tf.keep(packWeight(parameter));
    parameter.dispose();
    return packed;
  };
  return Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, pack(name, parameter)]));
}
