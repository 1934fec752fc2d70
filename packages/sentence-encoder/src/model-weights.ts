import { FormatError } from "@kindred/errors";
import { canonicalWeightName, type MpnetConfig, weightNames } from "@kindred/mpnet";
import { type NamedTensor, toFloat32 } from "@kindred/tensor-files";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";

/** The tensors of a weights file by their names in it: a whole file in memory, or one that is read tensor by tensor. */
export type WeightSource = Iterable<readonly [string, NamedTensor]> | AsyncIterable<readonly [string, NamedTensor]>;

/**
 * The weights of a model as kept tensors under their bare Hugging Face names, one after another, so that no second copy of all
 * weights ever exists. The pooler is left out: sentence vectors do not use it.
 *
 * @throws {@link FormatError} naming `file` and the weight, if one is missing or has another shape than `config` says. Nothing
 * stays allocated then.
 */
export async function loadParameters(
  source: WeightSource,
  config: MpnetConfig,
  { file = "model.safetensors" } = {},
): Promise<ModelParameters> {
  const shapes = new Map<string, readonly number[]>(weightNames(config).map(({ name, shape }) => [name, shape]));
  const parameters: { [name: string]: Float } = {};
  try {
    for await (const [storedName, stored] of source) {
      const name = canonicalWeightName(storedName);
      const shape = name === undefined ? undefined : shapes.get(name);
      if (name === undefined || shape === undefined) continue;
      if (Object.hasOwn(parameters, name))
        throw new FormatError({ file }, `the weight ${name} is there twice, once as ${storedName}.`);
      if (stored.shape.length !== shape.length || stored.shape.some((size, i) => size !== shape[i])) {
        throw new FormatError(
          { file },
          `the weight ${storedName} does not fit config.json. Got [${stored.shape}], expected [${shape}].`,
        );
      }
      parameters[name] = tf.keep(tf.tensor(toFloat32(stored), [...shape], "float32"));
    }
    const missing = [...shapes.keys()].filter((name) => !Object.hasOwn(parameters, name));
    if (missing.length > 0) {
      throw new FormatError(
        { file },
        `${missing.length} of ${shapes.size} weights are missing, the first is ${missing[0]}. Is this an MPNet model?`,
      );
    }
    return parameters;
  } catch (error) {
    tf.dispose(Object.values(parameters));
    throw error;
  }
}
