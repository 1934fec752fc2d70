import type { ModelFolder } from "@kindred/model-folder";
import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import type { ModelParameters } from "./embed-sentences.ts";
import { modelWeights } from "./model-weights.ts";

/**
 * The weights of a model as kept float32 tensors of the active engine. They are taken one after another, so no second
 * copy of all weights ever exists. Half-precision weights are widened, and the arithmetic is float32's.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 *
 * @example
 * ```ts ignore
 * import { wasm } from "@kindred/backend-wasm";
 * import { filesInMemory, readModelFolder } from "@kindred/model-folder";
 * import { loadParameters } from "@kindred/sentence-encoder";
 *
 * const names = ["config.json", "vocab.txt", "model.safetensors"];
 * const load = async (name: string) => new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer());
 * const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
 * await wasm().start();
 * const parameters = await loadParameters(await readModelFolder(filesInMemory(files)));
 * ```
 */
export async function loadParameters(folder: ModelFolder): Promise<ModelParameters> {
  const parameters: { [name: string]: Float } = {};
  const copy = keepsArrays();
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

/** Whether the engine keeps the very array that a tensor is made from, as tfjs's plain JavaScript does; others copy it into their own memory. */
function keepsArrays(): boolean {
  const array = new Float32Array(1);
  const tensor = tf.tensor1d(array);
  const kept = tensor.dataSync() === array;
  tensor.dispose();
  return kept;
}
