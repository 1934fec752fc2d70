import { configJson } from "@kindred/mpnet";
import { type JsonObject, type ModelFolder, newModule } from "@kindred/model-folder";
import { type PoolingConfig, poolingConfig, poolingModes } from "@kindred/pooling";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import { denseConfig } from "./dense-config.ts";
import { denseWeights } from "./dense-weights.ts";
import type { ModelSettings } from "./model-settings.ts";

/**
 * A whole model: what its folder says, its tokenizer, and its weights: the encoder's under their bare Hugging Face
 * names, those of dense layers with the layer's path in front, as `modelWeights` gives them.
 */
export type SentenceModel = {
  readonly settings: ModelSettings;
  readonly tokenizer: Tokenizer;
  readonly weights: Iterable<readonly [string, NamedTensor]>;
};

/**
 * A model as a folder, to be written: settings in the form that every version of sentence-transformers reads, and an untrained
 * pooler of zeros where the weights have none.
 *
 * @example
 * ```ts
 * import { initialParameters } from "@kindred/mpnet";
 * import { filesInMemory, modelFolderFiles, readModelFolder } from "@kindred/model-folder";
 * import { keyFromSeed } from "@kindred/random";
 * import { modelSettings, newModelFolder } from "@kindred/sentence-encoder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 6, num_hidden_layers: 1, num_attention_heads: 2 };
 * const vocabulary = "<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n";
 * const texts = { "config.json": JSON.stringify(json), "vocab.txt": vocabulary };
 * const given = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));
 * const folder = await readModelFolder(filesInMemory(given));
 * const settings = modelSettings(folder);
 * const random = Object.entries(initialParameters(settings.config, keyFromSeed(1)));
 * const weights = random.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const);
 * const files = await modelFolderFiles(newModelFolder({ settings, tokenizer: folder.tokenizer, weights }), { dtype: "float16" });
 * Object.keys(files).filter((name) => name.startsWith("mod")); // => ["modules.json", "model.safetensors"]
 * ```
 */
export function newModelFolder({
  settings,
  tokenizer,
  weights,
}: SentenceModel): Pick<ModelFolder, "modules" | "tokenizer" | "settings"> {
  const { config, pooling, dense, normalize } = settings;
  const named = new Map(weights);
  const layers = dense.map((layer) => {
    const names = new Set(denseWeights(layer).map(({ name }) => name));
    const own = [...named].filter(([name]) => names.has(name));
    for (const name of names) named.delete(name);
    const local = own.map(([name, tensor]) => [name.slice(layer.path.length + 1), tensor] as const);
    return newModule("Dense", denseConfig(layer), local);
  });
  for (const [name, shape] of poolerShapes(config.hiddenSize)) {
    if (!named.has(name)) named.set(name, fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)), shape));
  }
  return {
    modules: [
      newModule("Transformer", configJson(config), named),
      newModule("Pooling", poolingFile(pooling)),
      ...layers,
      ...(normalize ? [newModule("Normalize")] : []),
    ],
    tokenizer,
    settings,
  };
}

/**
 * The old form, which every version reads; the new one (5.4) for several modes in an order that the old one has no
 * words for.
 */
function poolingFile(pooling: PoolingConfig): JsonObject {
  const { dimension, modes, includePrompt = true } = pooling;
  const inOrder = poolingModes.filter((mode) => modes.includes(mode));
  if (inOrder.join() === modes.join()) return poolingConfig(pooling);
  return { embedding_dimension: dimension, pooling_mode: modes, include_prompt: includePrompt };
}

function poolerShapes(hidden: number): [string, number[]][] {
  return [
    ["pooler.dense.weight", [hidden, hidden]],
    ["pooler.dense.bias", [hidden]],
  ];
}
