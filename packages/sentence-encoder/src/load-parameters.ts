import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelWeights } from "./model-weights.ts";
import type { WeightFiles } from "./weight-files.ts";

/**
 * The weights of a model as kept float32 tensors of the active backend. They are taken one after another, so no second
 * copy of all weights ever exists. Half-precision weights are widened, and the arithmetic is float32's.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 *
 * @example
 * ```ts ignore
 * import { loadParameters, startEngine, weightFilesIn } from "@kindred/sentence-encoder";
 *
 * const names = ["config.json", "model.safetensors"];
 * const load = async (name: string) => new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer());
 * const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
 * await startEngine("wasm");
 * const parameters = await loadParameters(files, weightFilesIn(files));
 * ```
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
