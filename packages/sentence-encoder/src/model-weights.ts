import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import type { ModelFolder, ModelModule, StoredTensors } from "@kindred/model-folder";
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
  model: EmbeddingModel,
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  for await (const { name, storedName, weights } of storedParameters(folder, model))
    yield [name, await weights.read(storedName)];
}

/** A parameter, and where it is stored; that is open until the next one is asked for. */
export type StoredParameter = { readonly name: string; readonly storedName: string; readonly weights: StoredTensors };

/**
 * The parameters of a model as its folder stores them, unread.
 *
 * @throws FormatError as {@link modelWeights} does
 */
export async function* storedParameters(folder: ModelFolder, model: EmbeddingModel): AsyncGenerator<StoredParameter> {
  for (const { stored, specs, nameOf } of modulesWithParameters(folder, model)) {
    const weights = await stored.openWeights();
    try {
      for (const [name, storedName] of storedNamesOf(weights, specs, nameOf)) yield { name, storedName, weights };
    } finally {
      await weights.close();
    }
  }
}

/** A module of a folder, the parameters that it holds, and which of them a stored tensor is. */
export type ModuleWithParameters = {
  readonly stored: ModelModule;
  readonly specs: readonly ParameterSpec[];
  readonly nameOf: (storedName: string) => string | undefined;
};

/** The modules of a folder that hold parameters: the transformer and dense layers. */
export function modulesWithParameters(
  { modules: [transformer, , ...stored] }: ModelFolder,
  { encoder, modules: [pooling, ...after] }: EmbeddingModel,
): ModuleWithParameters[] {
  const others = stored.flatMap((each, i) => {
    const module = after[i];
    if (module?.kind !== "Dense") return [];
    const nameOf = (name: string) => `${module.path}.${name}`;
    return [{ stored: each, specs: moduleSpecs([pooling, module]), nameOf }];
  });
  return [{ stored: transformer, specs: encoder.specs, nameOf: encoder.parameterOf }, ...others];
}

/**
 * The parameters of some specs, each with the name it is stored under.
 *
 * @throws FormatError as {@link modelWeights} does
 */
export function storedNamesOf(
  { file, tensors }: StoredTensors,
  specs: readonly ParameterSpec[],
  nameOf: (storedName: string) => string | undefined,
): Map<string, string> {
  const wanted = new Map(specs.map(({ name, shape }) => [name, shape]));
  const found = new Map<string, string>();
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
  return found;
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
 * @param options `onWarning`: told of tensors that hold NaN or infinite numbers, by name. Default: nobody looks. `onLoaded`: given each parameter
 * before the next is read, as to move it to a device.
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
export async function loadParameters(
  folder: ModelFolder,
  model: EmbeddingModel,
  {
    onWarning,
    onLoaded,
  }: { readonly onWarning?: (message: string) => void; readonly onLoaded?: (parameter: Float) => void } = {},
): Promise<EncoderParameters> {
  const parameters: { [name: string]: Float } = {};
  const copy = keepsArrays();
  try {
    for await (const [name, stored] of modelWeights(folder, model)) {
      const values = toFloat32(stored, { copy });
      const odd = onWarning === undefined ? 0 : countNonFinite(values);
      if (odd > 0) onWarning?.(nonNumbersWarning(name, odd, values.length));
      const parameter = tf.keep(tf.tensor(values, [...stored.shape], "float32"));
      parameters[name] = parameter;
      onLoaded?.(parameter);
    }
    return parameters;
  } catch (error) {
    tf.dispose(Object.values(parameters));
    throw error;
  }
}

/** What is told of a tensor that holds numbers which are NaN or infinite. */
export function nonNumbersWarning(name: string, count: number, length: number): string {
  return `warning: the tensor ${name} holds ${count} of ${length} numbers that are NaN or infinite, and vectors that depend on them will be so too. Did its training diverge?`;
}

/**
 * How many numbers of an array are NaN or infinite.
 *
 * @example
 * ```ts
 * import { countNonFinite } from "@kindred/sentence-encoder";
 *
 * countNonFinite(Float32Array.of(0, NaN, -Infinity)); // => 2
 * ```
 */
export function countNonFinite(values: Float32Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) count++; // NaN − NaN and ∞ − ∞ are NaN; i < length
  return count;
}

/** Whether the engine keeps the very array that a tensor is made from, as tfjs's plain JavaScript does; others copy it into their own memory. */
function keepsArrays(): boolean {
  const array = new Float32Array(1);
  const tensor = tf.tensor1d(array);
  const kept = tensor.dataSync() === array;
  tensor.dispose();
  return kept;
}
