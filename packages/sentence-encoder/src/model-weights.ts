import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import type { ModelFolder, ModelModule } from "@kindred/model-folder";
import { moduleSpecs } from "@kindred/pooling";
import { type Dtype, type NamedTensor, toFloat32 } from "@kindred/tensor-files";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { EmbeddingModel } from "./sentence-model.ts";

const floatDtypes: readonly Dtype[] = ["F64", "F32", "F16", "BF16"];

/**
 * The parameters of a model as its folder stores them, one after another: the encoder's under the names of its specs, those of dense
 * layers with the layer's folder in front, as `2_Dense.linear.weight`. What no vector depends on (a pooler, a masked-LM
 * head, old buffers) is passed over.
 *
 * @param model what `openSentenceModel` gave for this folder
 * @throws FormatError naming the file and the tensor, if one has another shape than its spec, is no floating-point number, is there
 * twice, or is missing; before any is read
 *
 * @example
 * ```ts ignore
 * import { openModelFolder } from "@kindred/model-folder/node";
 * import { modelWeights, openSentenceModel } from "@kindred/sentence-encoder";
 *
 * const folder = await openModelFolder("runs/my-run/model");
 * for await (const [name, { dtype, shape }] of modelWeights(folder, openSentenceModel(folder))) console.log(name, dtype, shape);
 * ```
 */
export async function* modelWeights(
  folder: ModelFolder,
  { encoder, modules }: EmbeddingModel,
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const [transformer, ...others] = folder.modules;
  yield* storedParameters(transformer, encoder.specs, encoder.parameterOf);
  const [pooling, ...after] = modules;
  for (const [i, stored] of others.slice(1).entries()) {
    const module = after[i];
    if (module?.kind !== "Dense") continue;
    yield* storedParameters(stored, moduleSpecs([pooling, module]), (name) => `${module.path}.${name}`);
  }
}

async function* storedParameters(
  module: ModelModule,
  specs: readonly ParameterSpec[],
  nameOf: (storedName: string) => string | undefined,
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const weights = await module.openWeights();
  try {
    const { file, tensors } = weights;
    const wanted = new Map(specs.map(({ name, shape }) => [name, shape]));
    const found = new Map<string, string>(); // parameters, each with the name it is stored under
    for (const [storedName, { dtype, shape }] of tensors) {
      const name = nameOf(storedName);
      const expected = name === undefined ? undefined : wanted.get(name);
      if (name === undefined || expected === undefined) continue;
      const refuse = (problem: string): never => {
        throw new FormatError({ file }, problem, { tensor: storedName });
      };
      if (found.has(name)) refuse(`the parameter ${name} is there twice, once as ${storedName}.`);
      if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis]))
        refuse(`the tensor ${storedName} does not fit config.json. Got [${shape}], expected [${expected}].`);
      if (!floatDtypes.includes(dtype))
        refuse(`the tensor ${storedName} has ${dtype} numbers, expected ${floatDtypes.join(", ")}.`);
      found.set(name, storedName);
    }
    const missing = [...wanted.keys()].filter((name) => !found.has(name));
    if (missing.length > 0) throw missingParameters(file, missing, { of: wanted.size, stored: [...tensors.keys()] });
    for (const [name, storedName] of found) yield [name, await weights.read(storedName)];
  } finally {
    await weights.close();
  }
}

function missingParameters(
  file: string,
  missing: readonly string[],
  { of, stored }: { readonly of: number; readonly stored: readonly string[] },
): FormatError {
  const more = stored.length > 4 ? ` and ${stored.length - 4} more` : "";
  return new FormatError(
    { file },
    `${missing.length} of ${of} parameters are missing, the first is ${missing[0]}. Got ${stored.slice(0, 4).join(", ") || "no tensor"}${more}. ` +
      "Does the file belong to this config.json?",
    { missing },
  );
}

/**
 * The parameters of a model as kept float32 tensors of the active backend. They are taken one after another, so no second
 * copy of all of them ever exists. Half-precision weights are widened, and the arithmetic is float32's.
 *
 * @throws FormatError as {@link modelWeights} does; nothing stays allocated then.
 *
 * @example
 * ```ts ignore
 * import { openModelFolder } from "@kindred/model-folder/node";
 * import { loadParameters, openSentenceModel } from "@kindred/sentence-encoder";
 * import { wasm } from "@kindred/backend-wasm";
 *
 * const folder = await openModelFolder("runs/my-run/model");
 * await wasm().start();
 * const parameters = await loadParameters(folder, openSentenceModel(folder));
 * ```
 */
export async function loadParameters(folder: ModelFolder, model: EmbeddingModel): Promise<EncoderParameters> {
  const parameters: { [name: string]: Float } = {};
  const copy = keepsArrays();
  try {
    for await (const [name, stored] of modelWeights(folder, model)) {
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
