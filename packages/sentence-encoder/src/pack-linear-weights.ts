import { packWeight } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";

/**
 * A model's parameters with the weights of its linear maps, which are the matrices with a bias beside them, as the backend multiplies
 * by them: for embedding only. It owns `parameters`: those that it replaces are freed, one after another, and all if it throws.
 *
 * @throws OutOfMemoryError when there is no room for one more weight
 */
export function packLinearWeights(parameters: ModelParameters): ModelParameters {
  const packed: { [name: string]: Float } = { ...parameters };
  try {
    for (const [name, parameter] of Object.entries(parameters)) {
      const bias = name.replace(/\.weight$/, ".bias");
      if (parameter.rank !== 2 || bias === name || !Object.hasOwn(parameters, bias)) continue;
      packed[name] = tf.keep(packWeight(parameter));
      parameter.dispose();
    }
    return packed;
  } catch (error) {
    tf.dispose(Object.values(packed));
    throw error;
  }
}
