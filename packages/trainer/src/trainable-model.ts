import { type DropoutRates, type EncoderFamily, initialParameters, type ParameterValues } from "@kindred/encoder";
import { ConfigError, DivergenceError, FormatError } from "@kindred/errors";
import { type ModelFolder, newSettings } from "@kindred/model-folder";
import { childKey, keyFromSeed } from "@kindred/random";
import {
  countNonFinite,
  families as ownFamilies,
  modelWeights,
  openSentenceModel,
  type SavedModel,
  savedModel,
  type SentenceModel,
} from "@kindred/sentence-encoder";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import { endsNormalized, type SentenceModules } from "@kindred/pooling";
import type { Tokenizer } from "@kindred/tokenizer";
import type { TrainConfig } from "./train-options.ts";

/** A model in ordinary memory, before it is given to the cores. */
export type TrainableModel = SentenceModel & {
  /** Every parameter that training moves, by its spec's name. */
  readonly weights: { readonly [name: string]: ParameterValues };
};

/**
 * How many numbers training moves.
 *
 * @example
 * ```ts
 * import { parameterCount } from "@kindred/trainer";
 *
 * parameterCount({ weights: { bias: { values: new Float32Array(8), shape: [8] } } }); // => 8
 * ```
 */
export function parameterCount({ weights }: Pick<TrainableModel, "weights">): number {
  return Object.values(weights).reduce((sum, { values }) => sum + values.length, 0);
}

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
    modules: modulesOf(config, [
      { kind: "Pooling", dimension: config.hiddenSize, modes: ["mean"] },
      { kind: "Normalize" },
    ]),
    settings: { ...newSettings(), maxSeqLength: config.maxSeqLength ?? 128, prompts: promptsOf(config) },
    tokenizer,
    weights: initialParameters(encoder.specs, childKey(keyFromSeed(config.seed), "initial parameters")),
  };
}

/**
 * The model of a folder with what the configuration says of it: how many tokens of a text it reads, and its dropout.
 *
 * @throws FormatError naming the file, for a folder that is not a whole model of a known family, or whose weights are not all numbers
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
    weights[name] = {
      shape: tensor.shape,
      values: expectNumbers(toFloat32(tensor), name, config.model || folder.modules[0].file),
    };
  const { maxSeqLength = model.settings.maxSeqLength } = config;
  const prompts = promptsOf(config);
  expectPromptsPooled(model.modules, Object.values(prompts));
  const settings = {
    ...model.settings,
    maxSeqLength: Math.min(maxSeqLength, model.encoder.sizes.longest),
    prompts: { ...model.settings.prompts, ...prompts },
  };
  return { ...model, modules: modulesOf(config, model.modules), settings, weights };
}

/** The modules after the encoder, with the pooling and the end that the configuration wants. */
function modulesOf({ pooling: mode, normalize }: TrainConfig, modules: SentenceModules): SentenceModules {
  const [own, ...after] = modules;
  const dense = after.find(({ kind }) => kind === "Dense");
  if (mode !== undefined && dense !== undefined && own.modes.length > 1)
    throw new ConfigError(
      `train: the model's layers after its pooling want ${own.modes.join(" and ")} together. Got pooling ${mode}. Leave it out (--pooling).`,
      { key: "pooling", value: mode },
    );
  const pooling = mode === undefined ? own : { ...own, modes: [mode] };
  if (normalize === undefined || normalize === endsNormalized(modules)) return [pooling, ...after];
  const others = after.filter(({ kind }) => kind !== "Normalize");
  return normalize ? [pooling, ...after, { kind: "Normalize" }] : [pooling, ...others];
}

const promptNames = ["query", "document"] as const;

/** The prompts of a configuration by name, as a model keeps them. */
function promptsOf({ prompts }: Pick<TrainConfig, "prompts">): { readonly [name: string]: string } {
  const byName = new Map<string, string>();
  for (const prompt of prompts) {
    const [, name = "", text] = /^([^=]*)=(.*)$/s.exec(prompt) ?? [];
    if (text === undefined || byName.has(name) || !promptNames.some((known) => known === name))
      throw new ConfigError(
        `train: prompts are for columns. Got ${JSON.stringify(prompt)}, expected query=TEXT (the first text of a row) or document=TEXT (all further ones), each once (--prompts).`,
        { key: "prompts", value: prompt },
      );
    byName.set(name, text);
  }
  return Object.fromEntries(byName);
}

/**
 * What stands before every text of a column: of the first the configuration's prompt `query`, of all further ones `document`.
 *
 * @throws ConfigError for a prompt that is not NAME=TEXT with one of these names
 *
 * @example
 * ```ts
 * import { columnPrompts, trainConfig } from "@kindred/trainer";
 *
 * columnPrompts(trainConfig({ prompts: ["query=find: "] })); // => ["find: ", ""]
 * ```
 */
export function columnPrompts(config: Pick<TrainConfig, "prompts">): readonly [query: string, document: string] {
  const { query = "", document = "" } = promptsOf(config);
  return [query, document];
}

/**
 * How many tokens of each column's texts are read while training: `columnSeqLengths` as numbers, none where it says nothing.
 *
 * @throws ConfigError for one that is no whole number from 3 to `maxSeqLength`
 *
 * @example
 * ```ts
 * import { columnLengths, trainConfig } from "@kindred/trainer";
 *
 * columnLengths(trainConfig({ columnSeqLengths: "32,128", maxSeqLength: 128 })); // => [32, 128]
 * ```
 */
export function columnLengths(
  { columnSeqLengths, maxSeqLength = 512 }: Pick<TrainConfig, "columnSeqLengths" | "maxSeqLength">,
  where = "train",
): number[] {
  const lengths = columnSeqLengths === "" ? [] : columnSeqLengths.split(",").map(Number);
  const wrong = lengths.find((length) => !(Number.isInteger(length) && length >= 3 && length <= maxSeqLength));
  if (wrong === undefined) return lengths;
  throw new ConfigError(
    `${where}: columnSeqLengths is wrong. Got ${wrong}, expected whole numbers from 3 to maxSeqLength = ${maxSeqLength}.`,
    { key: "columnSeqLengths", value: wrong },
  );
}

/**
 * Refuses prompts by column for a model whose pooling leaves prompts out: in training they are part of the text.
 *
 * @throws ConfigError saying so, if one of the prompts is not empty
 *
 * @example
 * ```ts
 * import { expectPromptsPooled } from "@kindred/trainer";
 *
 * expectPromptsPooled([{ kind: "Pooling", dimension: 8, modes: ["mean"], includePrompt: false }], ["", ""]); // => undefined
 * ```
 */
export function expectPromptsPooled([pooling]: SentenceModules, prompts: readonly string[]): void {
  if (pooling.includePrompt !== false || prompts.every((prompt) => prompt === "")) return;
  throw new ConfigError(
    "train: the model's pooling leaves prompts out, and training with prompts by column takes them in. Got include_prompt false. Leave prompts out (--prompts), or set include_prompt in the model's pooling.",
    { key: "prompts" },
  );
}

function expectNumbers(values: Float32Array, name: string, file: string): Float32Array {
  const wrong = countNonFinite(values);
  if (wrong === 0) return values;
  throw new FormatError(
    { file },
    `train: the model's tensor ${name} is not made of numbers: ${wrong} of its ${values.length} are NaN or infinite, and training would spread them. Take an earlier state of the model.`,
    { name, wrong },
  );
}

/**
 * The rates of dropout that a configuration names.
 *
 * @example
 * ```ts
 * import { dropoutOf, trainConfig } from "@kindred/trainer";
 *
 * dropoutOf(trainConfig({ hiddenDropoutProb: 0.2 })); // => { hidden: 0.2 }
 * ```
 */
export function dropoutOf({
  hiddenDropoutProb: hidden,
  attentionProbsDropoutProb: attention,
}: TrainConfig): DropoutRates {
  return { ...(hidden !== undefined && { hidden }), ...(attention !== undefined && { attention }) };
}

/**
 * The model as it is saved, with the weights that `values` holds now, uncopied.
 *
 * @throws DivergenceError naming a weight that holds NaN or infinity: nothing is saved then
 *
 * @example
 * ```ts ignore
 * import { saveModelFolder } from "@kindred/model-folder/node";
 * import { modelToSave, newModel } from "@kindred/trainer";
 *
 * await saveModelFolder("start", modelToSave(newModel(config, tokenizer), {}, 0)); // as it begins
 * ```
 */
export function modelToSave(
  model: TrainableModel,
  values: { readonly [name: string]: Float32Array },
  step: number,
): SavedModel {
  const weights = Object.entries(model.weights).map(([name, { shape, values: initial }]) => {
    const now = values[name] ?? initial;
    const wrong = countNonFinite(now);
    if (wrong === 0) return [name, fromFloat32(now, shape, "F32", { copy: false })] as const;
    throw new DivergenceError(
      `train: the weight ${name} is no longer made of numbers at step ${step}. Got ${wrong} of ${now.length} that are NaN or infinite. Nothing is saved; go on from the last checkpoint at a lower learningRate (--learning-rate).`,
      { name, step, wrong },
    );
  });
  return savedModel(model, weights);
}
