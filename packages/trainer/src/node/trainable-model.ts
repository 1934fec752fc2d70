import {
  type ModelSettings,
  modelSettings,
  modelTokenizer,
  modelWeights,
  type SentenceModel,
} from "@kindred/sentence-encoder";
import { folderWeightFiles, readModelFolder } from "@kindred/sentence-encoder/node";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";

/** Weights in ordinary memory, by their bare Hugging Face names. */
export type NamedWeights = {
  readonly [name: string]: { readonly shape: readonly number[]; readonly values: Float32Array };
};

/** A model in ordinary memory, before it is given to the cores. */
export type TrainableModel = {
  readonly settings: ModelSettings;
  readonly tokenizer: Tokenizer;
  /** Every weight that training moves, by its bare Hugging Face name. */
  readonly weights: NamedWeights;
};

/**
 * The model of a folder, as float32.
 *
 * @throws FormatError if the folder is not a whole MPNet model.
 */
export async function readTrainableModel(folder: string): Promise<TrainableModel> {
  const files = await readModelFolder(folder);
  const settings = modelSettings(files);
  const weights: { [name: string]: { shape: readonly number[]; values: Float32Array } } = {};
  for await (const [name, tensor] of modelWeights(files, folderWeightFiles(folder))) {
    weights[name] = { shape: tensor.shape, values: toFloat32(tensor) };
  }
  return { settings, tokenizer: modelTokenizer(files), weights };
}

/** The model as it is saved, with the weights that `values` holds now. */
export function sentenceModel(
  { settings, tokenizer, weights }: TrainableModel,
  values: { readonly [name: string]: Float32Array },
): SentenceModel {
  return {
    settings,
    tokenizer,
    weights: Object.entries(weights).map(([name, { shape }]) => [name, fromFloat32(values[name]!, shape)] as const),
  };
}
