import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelWeights } from "./model-weights.ts";
import type { WeightFiles } from "./weight-files.ts";

/**
 * The weights of a model as kept float32 tensors of the active backend. They are taken one after another, so no second copy of
 * all weights ever exists. Half-precision weights are widened, and the arithmetic is float32's.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 */
export async function loadParameters(files: ModelFiles, weights: WeightFiles): Promise<ModelParameters> {
  const parameters: { [name: string]: Float } = {};
  const copy = tf.getBackend() === "cpu"; // which keeps the very array it is given; others copy it into their own memory
  try {
    for await (const [name, stored] of modelWeights(files, weights)) {
      parameters[name] = tf.keep(tf.tensor(toFloat32(stored, { copy }), [...stored.shape], "float32"));
    }
    return parameters;
  } catch (error) {
    tf.dispose(Object.values(parameters));
    throw error;
  }
}
