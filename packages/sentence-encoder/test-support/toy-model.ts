import { initialParameters, mpnetConfig } from "@kindred/mpnet";
import { poolingFromConfig } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import { type ModelFiles, modelFolderFiles, type ModelFolderFilesOptions } from "@kindred/model-folder";
import { fromFloat32 } from "@kindred/tensor-files";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import type { ModelSettings } from "../src/model-settings.ts";
import { newModelFolder, type SentenceModel } from "../src/new-model-folder.ts";

/** A whole model of some ten thousand weights, random but for its form: every layer and file that a real one has. */
export function toyModel(changes: Partial<ModelSettings> = {}): SentenceModel {
  const words = ["the", "cat", "dog", "sat", "on", "mat", ".", "##s", "a", "b", "c"];
  const tokenizer = tokenizerFromVocab(
    ["<s>", "<pad>", "</s>", "<unk>", ...words, "[UNK]", "<mask>"].map((token) => `${token}\n`).join(""),
  );
  const config = mpnetConfig({
    model_type: "mpnet",
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 12,
    num_hidden_layers: 2,
    num_attention_heads: 3,
    intermediate_size: 20,
    max_position_embeddings: 34,
    layer_norm_eps: 1e-5,
    initializer_range: 0.5, // large, so that texts differ clearly
  });
  const settings: ModelSettings = {
    config,
    pooling: poolingFromConfig({ word_embedding_dimension: 12, pooling_mode_mean_tokens: true }),
    dense: [],
    normalize: true,
    maxSeqLength: 16,
    doLowerCase: false,
    similarityFunction: "cosine",
    prompts: { query: "find: " },
    defaultPromptName: undefined,
    truncateDim: undefined,
    ...changes,
  };
  const weights = Object.entries(initialParameters(config, keyFromSeed(5))).map(
    ([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const,
  );
  return { settings, tokenizer, weights };
}

/** The files of a model's folder. */
export function filesOf(model: SentenceModel, options: ModelFolderFilesOptions = {}): Promise<ModelFiles> {
  return modelFolderFiles(newModelFolder(model), options);
}
