import { type DropoutRates, type EncoderFamily, initialParameters, type ParameterValues } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import { type ModelFolder, newSettings } from "@kindred/model-folder";
import { childKey, keyFromSeed } from "@kindred/random";
import {
  families as ownFamilies,
  modelWeights,
  openSentenceModel,
  type SavedModel,
  savedModel,
  type SentenceModel,
} from "@kindred/sentence-encoder";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import type { TrainConfig } from "./train-options.ts";

/** A model in ordinary memory, before it is given to the cores. */
export type TrainableModel = SentenceModel & {
  /** Every parameter that training moves, by its spec's name. */
  readonly weights: { readonly [name: string]: ParameterValues };
};

/**
 * A model of random weights, of the family and size that the configuration says. The same seed gives the same weights.
 *
 * @param families among which `config.modelType` chooses. Default: all that Kindred has
 * @throws ConfigError if none of them is called so
 *
 * @example
 * ```ts
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 * import { newModel, trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 });
 * const tokenizer = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\ndog\n[UNK]\n<mask>\n");
 * const { weights } = newModel(config, tokenizer);
 * weights["embeddings.word_embeddings.weight"]?.shape; // => [8, 8]
 * ```
 */
export function newModel(
  config: TrainConfig,
  tokenizer: Tokenizer,
  families: readonly EncoderFamily[] = ownFamilies,
): TrainableModel {
  const family = families.find(({ modelTypes }) => modelTypes.includes(config.modelType));
  if (family === undefined) {
    const known = families.flatMap(({ modelTypes }) => modelTypes);
    throw new ConfigError(
      `train: no such family of models. Got modelType ${config.modelType}, expected one of ${known.join(", ")}.`,
      { key: "modelType", value: config.modelType },
    );
  }
  const sizes = {
    vocabulary: tokenizer.vocabularySize,
    hidden: config.hiddenSize,
    layers: config.numHiddenLayers,
    heads: config.numAttentionHeads,
    intermediate: config.intermediateSize,
    paddingId: tokenizer.specialIds.pad,
  };
  const encoder = family.open(family.newConfig(sizes), { file: "the configuration", dropout: dropoutOf(config) });
  return {
    encoder,
    modules: [{ kind: "Pooling", dimension: config.hiddenSize, modes: [config.pooling] }, { kind: "Normalize" }],
    settings: { ...newSettings(), maxSeqLength: config.maxSeqLength ?? 128 },
    tokenizer,
    weights: initialParameters(encoder.specs, childKey(keyFromSeed(config.seed), "initial parameters")),
  };
}

/**
 * The model of a folder with what the configuration says of it: how many tokens of a text it reads, and its dropout.
 *
 * @throws FormatError naming the file, for a folder that is not a whole model of a known family
 *
 * @example
 * ```ts ignore
 * import { openModelFolder } from "@kindred/model-folder/node";
 * import { loadedModel, trainConfig } from "@kindred/trainer";
 *
 * const model = await loadedModel(trainConfig({ maxSeqLength: 64 }), await openModelFolder("all-MiniLM-L6-v2"));
 * model.settings.maxSeqLength; // 64
 * ```
 */
export async function loadedModel(
  config: TrainConfig,
  folder: ModelFolder,
  families: readonly EncoderFamily[] = ownFamilies,
): Promise<TrainableModel> {
  const model = openSentenceModel(folder, { families, dropout: dropoutOf(config) });
  const weights: { [name: string]: ParameterValues } = {};
  for await (const [name, tensor] of modelWeights(folder, model))
    weights[name] = { shape: tensor.shape, values: toFloat32(tensor) };
  const { maxSeqLength = model.settings.maxSeqLength } = config;
  const settings = { ...model.settings, maxSeqLength: Math.min(maxSeqLength, model.encoder.sizes.longest) };
  return { ...model, settings, weights };
}

function dropoutOf({ hiddenDropoutProb: hidden, attentionProbsDropoutProb: attention }: TrainConfig): DropoutRates {
  return { ...(hidden !== undefined && { hidden }), ...(attention !== undefined && { attention }) };
}

/** The model as it is saved, with the weights that `values` holds now. */
export function modelToSave(model: TrainableModel, values: { readonly [name: string]: Float32Array }): SavedModel {
  const weights = Object.entries(model.weights).map(
    ([name, { shape, values: initial }]) => [name, fromFloat32(values[name] ?? initial, shape)] as const,
  );
  return savedModel(model, weights);
}
