import { FormatError } from "@kindred/errors";
import { type Similarity, similarities } from "@kindred/evaluation";
import { type MpnetConfig, mpnetConfig } from "@kindred/mpnet";
import { type PoolingConfig, poolingFromConfig } from "@kindred/pooling";
import { type JsonObject, jsonObjectFile, type ModelFiles } from "./model-files.ts";
import { modelModules } from "./model-modules.ts";

/** What a sentence-transformers folder says beside its weights and its tokenizer. */
export type ModelSettings = {
  readonly config: MpnetConfig;
  readonly pooling: PoolingConfig;
  /** Whether sentence vectors are divided by their length at the end. */
  readonly normalize: boolean;
  /** The most tokens of a text that are read, `<s>` and `</s>` included. */
  readonly maxSeqLength: number;
  /** Lower-case texts before the tokenizer sees them. MPNet's tokenizer does so itself. */
  readonly doLowerCase: boolean;
  /** How vectors of this model are compared. */
  readonly similarityFunction: Similarity;
  /** Texts by name to put in front of an input; kept when a model is saved again. */
  readonly prompts: { readonly [name: string]: string };
  readonly defaultPromptName: string | undefined;
};

/**
 * The settings of a model folder, from `modules.json`, `config.json`, `1_Pooling/config.json`, `sentence_bert_config.json`,
 * `tokenizer_config.json` and `config_sentence_transformers.json`. All but `config.json` may be missing.
 *
 * The limit of tokens is `max_seq_length`, else the tokenizer's `model_max_length`, and never more than the positions that the
 * model has, which are two fewer than `max_position_embeddings` for MPNet.
 *
 * @throws FormatError naming the file and the rule, for anything that would change the vectors if it were ignored.
 */
export function modelSettings(files: ModelFiles): ModelSettings {
  const { transformerFolder, poolingFile, normalize } = modelModules(files);
  const configFile = `${transformerFolder}config.json`;
  const json = jsonObjectFile(files, configFile);
  if (json === undefined)
    throw new FormatError(
      { file: configFile },
      "the file is missing. Is this a folder of a sentence-transformers model?",
    );
  const config = mpnetConfig(json, { file: configFile });
  const bert = objectOrEmpty(files, `${transformerFolder}sentence_bert_config.json`);
  const sentence = objectOrEmpty(files, "config_sentence_transformers.json");
  return {
    config,
    pooling: poolingConfigOf(files, poolingFile, config.hiddenSize),
    normalize,
    maxSeqLength: maxSeqLengthOf(files, transformerFolder, bert, config),
    doLowerCase: bert["do_lower_case"] === true,
    similarityFunction: similarityFunctionOf(sentence["similarity_fn_name"]),
    prompts: promptsOf(sentence["prompts"]),
    defaultPromptName:
      typeof sentence["default_prompt_name"] === "string" ? sentence["default_prompt_name"] : undefined,
  };
}

function objectOrEmpty(files: ModelFiles, path: string): JsonObject {
  return jsonObjectFile(files, path) ?? {};
}

function poolingConfigOf(files: ModelFiles, file: string | undefined, hiddenSize: number): PoolingConfig {
  if (file === undefined)
    return poolingFromConfig({ word_embedding_dimension: hiddenSize, pooling_mode_mean_tokens: true });
  const json = jsonObjectFile(files, file);
  if (json === undefined) throw new FormatError({ file }, "the file is missing, though modules.json names its folder.");
  const pooling = poolingFromConfig(json, { file });
  if (pooling.dimension === hiddenSize) return pooling;
  throw new FormatError(
    { file },
    `Got a pooling over ${pooling.dimension} dimensions, expected the model's hidden_size ${hiddenSize}.`,
  );
}

function maxSeqLengthOf(files: ModelFiles, folder: string, bert: JsonObject, config: MpnetConfig): number {
  const usable = config.maxPositionEmbeddings - 2; // positions count from padding_idx + 1 = 2
  const said = bert["max_seq_length"] ?? objectOrEmpty(files, `${folder}tokenizer_config.json`)["model_max_length"];
  if (said === undefined || said === null) return usable;
  if (typeof said === "number" && said >= 2) return Math.min(Math.floor(said), usable);
  throw new FormatError(
    { file: `${folder}sentence_bert_config.json` },
    `Got max_seq_length ${JSON.stringify(said)}, expected a number from 2.`,
  );
}

function similarityFunctionOf(name: unknown): Similarity {
  if (name === undefined || name === null) return "cosine";
  const known = similarities.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  const file = "config_sentence_transformers.json";
  throw new FormatError(
    { file },
    `Got similarity_fn_name ${JSON.stringify(name)}, expected one of ${similarities.join(", ")}.`,
  );
}

function promptsOf(prompts: unknown): { readonly [name: string]: string } {
  if (typeof prompts !== "object" || prompts === null) return {};
  return Object.fromEntries(
    Object.entries(prompts).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
