import { FormatError } from "@kindred/errors";
import { canonicalWeightName, weightNames, type WeightShape } from "@kindred/mpnet";
import type { Dtype, NamedTensor } from "@kindred/tensor-files";
import { denseWeights } from "./dense-weights.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelModules } from "./model-modules.ts";
import { modelSettings } from "./model-settings.ts";
import { type WeightFiles, weightFile } from "./weight-files.ts";

const floatDtypes: readonly Dtype[] = ["F64", "F32", "F16", "BF16"];

/**
 * The weights of a model, one after another: the encoder's under their bare Hugging Face names, those of dense layers
 * with the layer's folder in front, as `2_Dense.linear.weight`. What a sentence encoder does not use (the pooler, a
 * masked-LM head, the old `position_ids`) is passed over.
 *
 * @param files the folder's settings
 * @throws FormatError naming the file and the weight, if one has another shape than the settings say, is no
 * floating-point number, is there twice, or, at the end, is missing.
 *
 * @example
 * ```ts ignore
 * import { modelWeights } from "@kindred/sentence-encoder";
 * import { folderWeightFiles, readModelFolder } from "@kindred/sentence-encoder/node";
 *
 * const folder = "runs/my-run/model";
 * for await (const [name, { dtype, shape }] of modelWeights(await readModelFolder(folder), folderWeightFiles(folder))) {
 *   console.log(name, dtype, shape);
 * }
 * ```
 */
export async function* modelWeights(
  files: ModelFiles,
  weights: WeightFiles,
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const { config, dense } = modelSettings(files);
  const { transformerFolder } = modelModules(files);
  yield* moduleWeights(weights, transformerFolder, { shapes: weightNames(config), nameOf: canonicalWeightName });
  for (const layer of dense) {
    const nameOf = (stored: string) => `${layer.path}.${stored}`;
    yield* moduleWeights(weights, `${layer.path}/`, { shapes: denseWeights(layer), nameOf });
  }
}

async function* moduleWeights(
  weights: WeightFiles,
  folder: string,
  expected: { readonly shapes: readonly WeightShape[]; readonly nameOf: (storedName: string) => string | undefined },
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const path = await weightFile(weights, folder);
  const file = weights.nameOf(path);
  const shapes = new Map<string, readonly number[]>(expected.shapes.map(({ name, shape }) => [name, shape]));
  const missing = new Set(shapes.keys());
  for await (const [storedName, stored] of weights.tensors(path)) {
    const name = expected.nameOf(storedName);
    const shape = name === undefined ? undefined : shapes.get(name);
    if (name === undefined || shape === undefined) continue;
    if (!missing.delete(name))
      throw new FormatError({ file }, `the weight ${name} is there twice, once as ${storedName}.`);
    if (stored.shape.length !== shape.length || stored.shape.some((size, i) => size !== shape[i])) {
      throw new FormatError(
        { file },
        `the weight ${storedName} does not fit config.json. Got [${stored.shape}], expected [${shape}].`,
      );
    }
    if (!floatDtypes.includes(stored.dtype))
      throw new FormatError(
        { file },
        `the weight ${storedName} has ${stored.dtype} numbers, expected ${floatDtypes.join(", ")}.`,
      );
    yield [name, stored];
  }
  const [first] = missing;
  if (first === undefined) return;
  throw new FormatError(
    { file },
    `${missing.size} of ${shapes.size} weights are missing, the first is ${first}. Is this an MPNet model?`,
  );
}
