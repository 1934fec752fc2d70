import type { ModelFolder } from "@kindred/model-folder";
import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";
import { modelWeights } from "./model-weights.ts";

/**
 * The weights of a model as kept float32 tensors of the active backend. They are taken one after another, so no second
 * copy of all weights ever exists. Half-precision weights are widened, and the arithmetic is float32's.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 *
 * @example
 * ```ts ignore
 * import { filesInMemory, readModelFolder } from "@kindred/model-folder";
 * import { loadParameters, startEngine } from "@kindred/sentence-encoder";
 *
 * const names = ["config.json", "vocab.txt", "model.safetensors"];
 * const load = async (name: string) => new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer());
 * const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
 * await startEngine("wasm");
 * const parameters = await loadParameters(await readModelFolder(filesInMemory(files)));
 * ```
 */
export async function loadParameters(folder: ModelFolder): Promise<ModelParameters> {
  const parameters: { [name: string]: Float } = {};
  const copy = tf.getBackend() === "cpu"; // which keeps the very array it is given; others copy it into their own memory
  try {
    for await (const [name, stored] of modelWeights(folder)) {
      parameters[name] = tf.keep(tf.tensor(toFloat32(stored, { copy }), [...stored.shape], "float32"));
    }
    return parameters;
  } catch (error) {
    tf.dispose(Object.values(parameters));
    throw error;
  }
}
