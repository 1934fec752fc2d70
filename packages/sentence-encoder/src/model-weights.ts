import { FormatError } from "@kindred/errors";
import { canonicalWeightName, type MpnetConfig, weightNames } from "@kindred/mpnet";
import type { NamedTensor } from "@kindred/tensor-files";

/** The tensors of a weights file by their names in it: a whole file in memory, or one that is read tensor by tensor. */
export type WeightSource = Iterable<readonly [string, NamedTensor]> | AsyncIterable<readonly [string, NamedTensor]>;

/**
 * The weights of a model, one after another, under their bare Hugging Face names. What a sentence encoder does not use (the
 * pooler, a masked-LM head, the old `position_ids`) is passed over.
 *
 * @throws FormatError naming `file` and the weight, if one has another shape than `config` says, is there twice, or, at
 * the end, is missing.
 */
export async function* modelWeights(
  source: WeightSource,
  config: MpnetConfig,
  { file = "model.safetensors" } = {},
): AsyncGenerator<[string, NamedTensor]> {
  const shapes = new Map<string, readonly number[]>(weightNames(config).map(({ name, shape }) => [name, shape]));
  const missing = new Set(shapes.keys());
  for await (const [storedName, stored] of source) {
    const name = canonicalWeightName(storedName);
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
    yield [name, stored];
  }
  const [first] = missing;
  if (first === undefined) return;
  throw new FormatError(
    { file },
    `${missing.size} of ${shapes.size} weights are missing, the first is ${first}. Is this an MPNet model?`,
  );
}
