import { configJson } from "@kindred/mpnet";
import { poolingConfig } from "@kindred/pooling";
import { fromFloat32, type NamedTensor, writeSafetensors } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import type { ModelFiles } from "./model-files.ts";
import type { ModelSettings } from "./model-settings.ts";

/** A whole model: what its folder says, its tokenizer, and its weights under their bare Hugging Face names. */
export type SentenceModel = {
  readonly settings: ModelSettings;
  readonly tokenizer: Tokenizer;
  readonly weights: Iterable<readonly [string, NamedTensor]>;
};

/**
 * The files of a model as a sentence-transformers folder, in the form that every version of that library reads: the keys and
 * module names of before version 5.4, safetensors, and an untrained pooler of zeros where the weights have none.
 *
 * @see sentence-transformers, `util/deprecated_import.py`, which maps the old names in new versions
 */
export function sentenceModelFiles({ settings, tokenizer, weights }: SentenceModel, { readme = "" } = {}): ModelFiles {
  const { config, pooling, normalize, maxSeqLength } = settings;
  const named = new Map(weights);
  for (const [name, shape] of poolerShapes(config.hiddenSize)) {
    if (!named.has(name)) named.set(name, fromFloat32(new Float32Array(shape.reduce((a, b) => a * b)), shape));
  }
  const module = (idx: number, path: string, kind: string) => ({
    idx,
    name: `${idx}`,
    path,
    type: `sentence_transformers.models.${kind}`,
  });
  return {
    "modules.json": json([
      module(0, "", "Transformer"),
      module(1, "1_Pooling", "Pooling"),
      ...(normalize ? [module(2, "2_Normalize", "Normalize")] : []),
    ]),
    "config.json": json(configJson(config)),
    "sentence_bert_config.json": json({ max_seq_length: maxSeqLength, do_lower_case: settings.doLowerCase }),
    "config_sentence_transformers.json": json({
      __version__: { sentence_transformers: "2.0.0", transformers: "4.8.2", pytorch: "1.9.0" }, // the first of the versions that read this form
      model_type: "SentenceTransformer",
      prompts: settings.prompts,
      default_prompt_name: settings.defaultPromptName ?? null,
      similarity_fn_name: settings.similarityFunction,
    }),
    "1_Pooling/config.json": json(poolingConfig(pooling)),
    ...tokenizerFiles(tokenizer, maxSeqLength),
    "model.safetensors": writeSafetensors(named, { metadata: { format: "pt" } }),
    ...(readme === "" ? {} : { "README.md": new TextEncoder().encode(readme) }),
  };
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
      do_lower_case: true,
      tokenize_chinese_chars: true,
      strip_accents: null,
      model_max_length: maxSeqLength,
      tokenizer_class: "MPNetTokenizer",
    }),
  };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
