import type { MpnetConfig } from "@kindred/mpnet";
import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";
import { modelWeights, type WeightSource } from "./model-weights.ts";

/**
 * The weights of a model as kept tensors of the active backend. They are taken one after another, so no second copy of all
 * weights ever exists.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 */
export async function loadParameters(
  source: WeightSource,
  config: MpnetConfig,
  { file = "model.safetensors" } = {},
): Promise<ModelParameters> {
  const parameters: { [name: string]: Float } = {};
  try {
    for await (const [name, stored] of modelWeights(source, config, { file })) {
      parameters[name] = tf.keep(tf.tensor(toFloat32(stored), [...stored.shape], "float32"));
    }
    return parameters;
  } catch (error) {
    tf.dispose(Object.values(parameters));
    throw error;
  }
}
