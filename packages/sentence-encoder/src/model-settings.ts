import { FormatError } from "@kindred/errors";
import { type Similarity, similarities } from "@kindred/vectors";
import { type MpnetConfig, mpnetConfig } from "@kindred/mpnet";
import { type PoolingConfig, poolingFromConfig } from "@kindred/pooling";
import { type DenseConfig, denseFromConfig } from "./dense-config.ts";
import { type JsonObject, jsonFile, jsonObjectFile, type ModelFiles } from "./model-files.ts";
import { type ModelModules, modelModules } from "./model-modules.ts";
import { transformerOptions } from "./transformer-options.ts";

/** What a sentence-transformers folder says beside its weights and its tokenizer. */
export type ModelSettings = {
  readonly config: MpnetConfig;
  readonly pooling: PoolingConfig;
  /** The dense layers that a pooled vector goes through, in order. */
  readonly dense: readonly DenseConfig[];
  /** Whether sentence vectors are divided by their length at the end. */
  readonly normalize: boolean;
  /** The most tokens of a text that are read, `<s>` and `</s>` included. */
  readonly maxSeqLength: number;
  /** Whether the folder asks to lower-case texts. The tokenizer carries it out; MPNet's does so unasked. */
  readonly doLowerCase: boolean;
  /** How vectors of this model are compared. */
  readonly similarityFunction: Similarity;
  /** Texts by name to put in front of an input; kept when a model is saved again. */
  readonly prompts: { readonly [name: string]: string };
  /** The prompt of an input for which none is named. */
  readonly defaultPromptName: string | undefined;
  /** Where the folder says so, vectors are cut to this many features. */
  readonly truncateDim: number | undefined;
};

/**
 * The settings of a model folder, from `modules.json`, `config.json`, the `config.json` of each module,
 * `sentence_bert_config.json`, `tokenizer_config.json` and `config_sentence_transformers.json`. All but `config.json`
 * may be missing. As in sentence-transformers, a folder without `modules.json` is a bare transformer with mean pooling,
 * whatever else lies in it.
 *
 * The limit of tokens is `max_seq_length`, else the tokenizer's `model_max_length`, and never more than the positions
 * that the model has, which are two fewer than `max_position_embeddings` for MPNet (where Python fails on longer
 * texts).
 *
 * @throws FormatError naming the file and the rule, for anything that would change the vectors if it were ignored.
 * @see sentence-transformers 6.2.0, `base/modules/transformer.py` and `base/model.py`
 *
 * @example
 * ```ts
 * import { modelSettings } from "@kindred/sentence-encoder";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 12, num_attention_heads: 2, max_position_embeddings: 34 };
 * const settings = modelSettings({ "config.json": new TextEncoder().encode(JSON.stringify(json)) });
 * [settings.pooling.modes, settings.normalize, settings.maxSeqLength]; // => [["mean"], false, 32]
 * ```
 */
export function modelSettings(files: ModelFiles): ModelSettings {
  const modules = modelModules(files);
  const configFile = `${modules.transformerFolder}config.json`;
  const json = jsonObjectFile(files, configFile);
  if (json === undefined)
    throw new FormatError(
      { file: configFile },
      "the file is missing. Is this a folder of a sentence-transformers model?",
    );
  const config = mpnetConfig(json, { file: configFile });
  const isBare = modules.poolingFile === undefined;
  const options = transformerOptions(files, modules.transformerFolder, { isBare });
  const sentence = isBare ? {} : (jsonObjectFile(files, sentenceFile) ?? {});
  const modelType = sentence["model_type"] ?? "SentenceTransformer";
  if (modelType !== "SentenceTransformer")
    throw new FormatError(
      { file: sentenceFile },
      `Got model_type ${JSON.stringify(modelType)}, expected "SentenceTransformer".`,
    );
  const pooling = poolingConfigOf(files, modules.poolingFile, config.hiddenSize);
  const prompts = promptsOf(sentence["prompts"]);
  return {
    config,
    pooling,
    dense: densesOf(files, modules, config.hiddenSize * pooling.modes.length),
    normalize: modules.normalize,
    maxSeqLength: maxSeqLengthOf(options.maxSeqLength, config, modules.transformerFolder),
    doLowerCase: options.doLowerCase,
    similarityFunction: similarityFunctionOf(sentence["similarity_fn_name"]),
    prompts,
    defaultPromptName: defaultPromptNameOf(sentence["default_prompt_name"], prompts),
    truncateDim: truncateDimOf(sentence["truncate_dim"]),
  };
}

const sentenceFile = "config_sentence_transformers.json";

function poolingConfigOf(files: ModelFiles, file: string | undefined, hiddenSize: number): PoolingConfig {
  if (file === undefined)
    return poolingFromConfig({ word_embedding_dimension: hiddenSize, pooling_mode_mean_tokens: true });
  const json = jsonFile(files, file);
  if (json === undefined) throw new FormatError({ file }, "the file is missing, though modules.json names its folder.");
  const pooling = poolingFromConfig(json, { file });
  if (pooling.dimension === hiddenSize) return pooling;
  throw new FormatError(
    { file },
    `Got a pooling over ${pooling.dimension} dimensions, expected the model's hidden_size ${hiddenSize}.`,
  );
}

function densesOf(files: ModelFiles, { denseFolders }: ModelModules, pooledSize: number): DenseConfig[] {
  let size = pooledSize;
  return denseFolders.map((path) => {
    const file = `${path}/config.json`;
    const json = jsonObjectFile(files, file);
    if (json === undefined)
      throw new FormatError({ file }, "the file is missing, though modules.json names its folder.");
    const dense = denseFromConfig(json, { file, path });
    if (dense.inFeatures !== size)
      throw new FormatError({ file }, `Got in_features ${dense.inFeatures}, expected the ${size} that come before it.`);
    size = dense.outFeatures;
    return dense;
  });
}

function maxSeqLengthOf(said: number | undefined, config: MpnetConfig, folder: string): number {
  const usable = config.maxPositionEmbeddings - config.padTokenId - 1; // positions count from padding_idx + 1
  if (said === undefined) return usable;
  if (said >= 2) return Math.min(Math.floor(said), usable);
  throw new FormatError(
    { file: `${folder}sentence_bert_config.json` },
    `Got max_seq_length ${said}, expected a number from 2.`,
  );
}

function similarityFunctionOf(name: unknown): Similarity {
  if (name === undefined || name === null) return "cosine";
  const known = similarities.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new FormatError(
    { file: sentenceFile },
    `Got similarity_fn_name ${JSON.stringify(name)}, expected one of ${similarities.join(", ")}.`,
  );
}

/** A prompt that is null is none, as there. */
function promptsOf(prompts: unknown): { readonly [name: string]: string } {
  if (prompts === undefined || prompts === null) return {};
  const entries: [string, unknown][] = Object.entries(prompts as JsonObject).map(([name, text]) => [name, text ?? ""]);
  const isWhole = typeof prompts === "object" && !Array.isArray(prompts);
  if (isWhole && entries.every((entry): entry is [string, string] => typeof entry[1] === "string"))
    return Object.fromEntries(entries);
  throw new FormatError({ file: sentenceFile }, `Got prompts ${JSON.stringify(prompts)}, expected texts by name.`);
}

function defaultPromptNameOf(name: unknown, prompts: { readonly [name: string]: string }): string | undefined {
  if (name === undefined || name === null) return undefined;
  // "query" and "document" are there in every model, empty unless it says otherwise.
  if (typeof name === "string" && (Object.hasOwn(prompts, name) || name === "query" || name === "document"))
    return name;
  throw new FormatError(
    { file: sentenceFile },
    `Got default_prompt_name ${JSON.stringify(name)}, expected one of the prompts ${Object.keys(prompts).join(", ") || "(none)"}.`,
  );
}

function truncateDimOf(dimension: unknown): number | undefined {
  if (dimension === undefined || dimension === null) return undefined;
  if (typeof dimension === "number" && Number.isInteger(dimension) && dimension > 0) return dimension;
  throw new FormatError(
    { file: sentenceFile },
    `Got truncate_dim ${JSON.stringify(dimension)}, expected a whole number above 0.`,
  );
}
