import { ConfigError } from "@kindred/errors";
import { configJson } from "@kindred/mpnet";
import { type PoolingConfig, poolingConfig, poolingModes } from "@kindred/pooling";
import { fromFloat32, type NamedTensor, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import { denseConfig } from "./dense-config.ts";
import { denseWeights } from "./dense-weights.ts";
import type { ModelFiles } from "./model-files.ts";
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

/** How the numbers of a saved model are stored. */
export type WeightDtype = "float32" | "float16" | "bfloat16";

/** How {@link sentenceModelFiles} is to write a model. */
export type SentenceModelFilesOptions = {
  /** The text of the model card, README.md. Default: none. */
  readonly readme?: string;
  /** Half precision rounds weights to nearest and halves the file. Default: `"float32"`. */
  readonly dtype?: WeightDtype;
};

const dtypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/**
 * The files of a model as a sentence-transformers folder, in the form that every version of that library reads: the
 * keys and module names of before version 5.4, safetensors, and an untrained pooler of zeros where the weights have
 * none.
 *
 * Dense layers lie in `2_Dense`, `3_Dense`, …, whatever their folders were called before; their weights need version
 * 2.3.
 *
 * @throws ConfigError for a dtype that does not exist
 * @see sentence-transformers, `util/deprecated_import.py`, which maps the old names in new versions
 *
 * @example
 * ```ts
 * import { initialParameters } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { modelSettings, modelTokenizer, sentenceModelFiles } from "@kindred/sentence-encoder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 *
 * const json = { model_type: "mpnet", vocab_size: 8, hidden_size: 6, num_hidden_layers: 1, num_attention_heads: 2 };
 * const vocabulary = "<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n";
 * const texts = { "config.json": JSON.stringify(json), "vocab.txt": vocabulary };
 * const given = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));
 * const settings = modelSettings(given);
 * const random = Object.entries(initialParameters(settings.config, keyFromSeed(1)));
 * const weights = random.map(([name, { shape, values }]) => [name, fromFloat32(values, shape)] as const);
 * const files = sentenceModelFiles({ settings, tokenizer: modelTokenizer(given), weights }, { dtype: "float16" });
 * Object.keys(files).filter((name) => name.startsWith("mod")); // => ["modules.json", "model.safetensors"]
 * ```
 */
export function sentenceModelFiles(
  { settings, tokenizer, weights }: SentenceModel,
  { readme = "", dtype = "float32" }: SentenceModelFilesOptions = {},
): ModelFiles {
  if (!Object.hasOwn(dtypes, dtype))
    throw new ConfigError(
      `sentenceModelFiles: unknown dtype. Got ${dtype}, expected ${Object.keys(dtypes).join(", ")}.`,
      {
        dtype,
      },
    );
  const { config, pooling, dense, normalize, maxSeqLength } = settings;
  const named = new Map(weights);
  const stored = (tensors: Iterable<readonly [string, NamedTensor]>) =>
    writeSafetensors(
      Array.from(tensors, ([name, tensor]) => [name, inDtype(tensor, dtype)] as const),
      { metadata: { format: "pt" } },
    );
  const layers = dense.map((layer, i) => {
    const path = `${i + 2}_Dense`;
    const names = new Set(denseWeights(layer).map(({ name }) => name));
    const own = [...named].filter(([name]) => names.has(name));
    for (const name of names) named.delete(name);
    const local = own.map(([name, tensor]) => [name.slice(layer.path.length + 1), tensor] as const);
    return { path, config: denseConfig(layer), weights: stored(local) };
  });
  for (const [name, shape] of poolerShapes(config.hiddenSize)) {
    if (!named.has(name)) named.set(name, fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)), shape));
  }
  const module = (idx: number, path: string, kind: string) => ({
    idx,
    name: `${idx}`,
    path,
    type: `sentence_transformers.models.${kind}`,
  });
  const last = dense.length + 2;
  return {
    "modules.json": json([
      module(0, "", "Transformer"),
      module(1, "1_Pooling", "Pooling"),
      ...layers.map(({ path }, i) => module(i + 2, path, "Dense")),
      ...(normalize ? [module(last, `${last}_Normalize`, "Normalize")] : []),
    ]),
    "config.json": json({ ...configJson(config), torch_dtype: dtype }),
    "sentence_bert_config.json": json({ max_seq_length: maxSeqLength, do_lower_case: settings.doLowerCase }),
    "config_sentence_transformers.json": json({
      __version__: { sentence_transformers: "2.0.0", transformers: "4.8.2", pytorch: "1.9.0" }, // the first of the versions that read this form
      model_type: "SentenceTransformer",
      prompts: settings.prompts,
      default_prompt_name: settings.defaultPromptName ?? null,
      similarity_fn_name: settings.similarityFunction,
      ...(settings.truncateDim === undefined ? {} : { truncate_dim: settings.truncateDim }),
    }),
    "1_Pooling/config.json": json(poolingFile(pooling)),
    ...Object.fromEntries(
      layers.flatMap((layer) => [
        [`${layer.path}/config.json`, json(layer.config)],
        [`${layer.path}/model.safetensors`, layer.weights],
      ]),
    ),
    ...tokenizerFiles(tokenizer, maxSeqLength),
    "model.safetensors": stored(named),
    ...(readme === "" ? {} : { "README.md": new TextEncoder().encode(readme) }),
  };
}

/**
 * The old form, which every version reads; the new one (5.4) for several modes in an order that the old one has no
 * words for.
 */
function poolingFile(pooling: PoolingConfig): object {
  const { dimension, modes, includePrompt = true } = pooling;
  const inOrder = poolingModes.filter((mode) => modes.includes(mode));
  if (inOrder.join() === modes.join()) return poolingConfig(pooling);
  return { embedding_dimension: dimension, pooling_mode: modes, include_prompt: includePrompt };
}

function inDtype(tensor: NamedTensor, dtype: WeightDtype): NamedTensor {
  if (tensor.dtype === dtypes[dtype]) return tensor;
  return fromFloat32(toFloat32(tensor, { copy: false }), tensor.shape, dtypes[dtype]);
}

function poolerShapes(hidden: number): [string, number[]][] {
  return [
    ["pooler.dense.weight", [hidden, hidden]],
    ["pooler.dense.bias", [hidden]],
  ];
}

function tokenizerFiles(tokenizer: Tokenizer, maxSeqLength: number): ModelFiles {
  const name = (id: number) => tokenizer.tokenOf(id);
  const { bos, eos, pad, mask, unknown } = tokenizer.specialIds;
  const { lowercase, padChinese, stripAccents } = tokenizer.definition.normalizer;
  const special = {
    bos_token: name(bos),
    cls_token: name(bos),
    eos_token: name(eos),
    sep_token: name(eos),
    pad_token: name(pad),
    unk_token: name(unknown),
    ...(mask === undefined
      ? {}
      : { mask_token: { content: name(mask), single_word: false, lstrip: true, rstrip: false, normalized: false } }),
  };
  return {
    "tokenizer.json": new TextEncoder().encode(tokenizer.toJson()),
    "vocab.txt": new TextEncoder().encode(tokenizer.toVocab()),
    "special_tokens_map.json": json(special),
    "tokenizer_config.json": json({
      ...special,
      ...(mask === undefined ? {} : { mask_token: name(mask) }),
      do_lower_case: lowercase,
      tokenize_chinese_chars: padChinese,
      strip_accents: stripAccents === lowercase ? null : stripAccents,
      model_max_length: maxSeqLength,
      tokenizer_class: "MPNetTokenizer",
    }),
  };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
