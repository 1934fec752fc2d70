import { FormatError } from "@kindred/errors";
import { canonicalWeightName, weightNames, type WeightShape } from "@kindred/mpnet";
import type { ModelFolder, ModelModule } from "@kindred/model-folder";
import type { Dtype, NamedTensor } from "@kindred/tensor-files";
import { denseWeights } from "./dense-weights.ts";
import { modelSettings } from "./model-settings.ts";

const floatDtypes: readonly Dtype[] = ["F64", "F32", "F16", "BF16"];

/**
 * The weights of a model, one after another: the encoder's under their bare Hugging Face names, those of dense layers
 * with the layer's folder in front, as `2_Dense.linear.weight`. What a sentence encoder does not use (the pooler, a
 * masked-LM head, the old `position_ids`) is passed over.
 *
 * @throws FormatError naming the file and the weight, if one has another shape than the settings say, is no
 * floating-point number, is there twice, or, at the end, is missing.
 *
 * @example
 * ```ts ignore
 * import { openModelFolder } from "@kindred/model-folder/node";
 * import { modelWeights } from "@kindred/sentence-encoder";
 *
 * const weights = modelWeights(await openModelFolder("runs/my-run/model"));
 * for await (const [name, { dtype, shape }] of weights) console.log(name, dtype, shape);
 * ```
 */
export async function* modelWeights(folder: ModelFolder): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const { config, dense } = modelSettings(folder);
  yield* moduleWeights(folder.modules[0], { shapes: weightNames(config), nameOf: canonicalWeightName });
  for (const layer of dense) {
    const nameOf = (stored: string) => `${layer.path}.${stored}`;
    for (const module of folder.modules)
      if (module.path === layer.path) yield* moduleWeights(module, { shapes: denseWeights(layer), nameOf });
  }
}

async function* moduleWeights(
  module: ModelModule,
  expected: { readonly shapes: readonly WeightShape[]; readonly nameOf: (storedName: string) => string | undefined },
): AsyncGenerator<[name: string, tensor: NamedTensor]> {
  const weights = await module.openWeights();
  const { file } = weights;
  try {
    const shapes = new Map<string, readonly number[]>(expected.shapes.map(({ name, shape }) => [name, shape]));
    const missing = new Set(shapes.keys());
    for (const [storedName, stored] of weights.tensors) {
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
      yield [name, await weights.read(storedName)];
    }
    const [first] = missing;
    if (first === undefined) return;
    const there = [...weights.tensors.keys()];
    throw new FormatError(
      { file },
      `${missing.size} of ${shapes.size} weights are missing, the first is ${first}. Got ${there.slice(0, 3).join(", ")}${there.length > 3 ? ` and ${there.length - 3} others` : ""}. Is this an MPNet model?`,
    );
  } finally {
    await weights.close();
  }
}
