import { JsonField } from "@kindred/errors";
import { type Tokenizer, tokenizerFileNames, type TokenizerFiles, tokenizerFromFiles } from "@kindred/tokenizer";
import { similarities } from "@kindred/vectors";
import type { FileSource, ModelSettings } from "./model-folder.ts";

/** The file of prompts and the like, for the model as a whole. */
export const sentenceFile = "config_sentence_transformers.json";

/** The parsed JSON of a settings file, an object; undefined where there is no such file. */
export async function readJson(source: FileSource, path: string): Promise<JsonField | undefined> {
  return objectIn(await source.read(path), source.nameOf(path));
}

function objectIn(bytes: Uint8Array | undefined, file: string): JsonField | undefined {
  if (bytes === undefined) return undefined;
  const json = JsonField.parse(bytes, file);
  json.entries();
  return json;
}

/** How the transformer module reads texts, and what it hands on to transformers. */
export type TransformerSettings = {
  /** Its config.json; undefined where there is none. */
  readonly config: JsonField | undefined;
  readonly maxSeqLength: number | undefined;
  readonly doLowerCase: boolean;
  /** What it puts over keys of config.json. */
  readonly configArguments: ReadonlyMap<string, JsonField>;
  /** What it puts over keys of tokenizer_config.json. */
  readonly tokenizerArguments: ReadonlyMap<string, JsonField>;
};

/** The names of the transformer module's settings over the years, the newest first; the first one that is there counts. */
export const transformerSettingsNames = [
  "bert",
  "roberta",
  "distilbert",
  "camembert",
  "albert",
  "xlm-roberta",
  "xlnet",
].map((kind) => `sentence_${kind}_config.json`);

/** Arguments about how files are found and loaded, which change no vector: sentence-transformers sets them itself. */
const loadingKeys = (
  "subfolder token use_auth_token cache_dir revision code_revision local_files_only force_download " +
  "resume_download proxies trust_remote_code"
).split(" ");

/** Arguments of a model that change nothing here but how fast, or how exactly, Python computes. */
const harmlessModelKeys = [
  ...loadingKeys,
  ...(
    "attn_implementation experts_implementation torch_dtype dtype device_map max_memory offload_folder " +
    "offload_state_dict low_cpu_mem_usage add_pooling_layer output_attentions output_hidden_states " +
    "output_loading_info return_dict use_cache use_safetensors unpad_inputs use_memory_efficient_attention " +
    "use_flash_attn reference_compile"
  ).split(" "),
];

/** What a transformer gives, by its task: what the file calls it, and which of the model's outputs it is. */
const outputs = {
  "feature-extraction": { name: "token_embeddings", output: "last_hidden_state" },
  "sequence-classification": { name: "scores", output: "logits" },
} as const;

/** What a transformer is for: vectors of tokens, or scores of pairs of texts. */
export type TransformerTask = keyof typeof outputs;

/**
 * What `sentence_bert_config.json` says, in all its forms. A bare transformer has no such file, as in
 * sentence-transformers, even where it lies there.
 *
 * @param folder the transformer's, "" or ending in "/"
 * @throws FormatError naming the file and the key, for what would change the vectors and is not obeyed
 * @see sentence-transformers 6.2.0, `base/modules/transformer.py`
 */
export async function readTransformerSettings(
  source: FileSource,
  folder: string,
  { isBare, task = "feature-extraction" }: { readonly isBare: boolean; readonly task?: TransformerTask },
): Promise<TransformerSettings> {
  const json = isBare
    ? undefined
    : await firstOf(
        source,
        transformerSettingsNames.map((name) => folder + name),
      );
  const config = await readJson(source, `${folder}config.json`);
  if (json === undefined) {
    const none = { configArguments: new Map(), tokenizerArguments: new Map() };
    return { config, maxSeqLength: undefined, doLowerCase: false, ...none };
  }
  const settings = json.object(
    "max_seq_length",
    "do_lower_case",
    "transformer_task",
    "modality_config",
    "module_output_name",
    "processing_kwargs",
    "unpad_inputs",
    "query_length",
    "document_length",
    "query_expansion",
    "tokenizer_name_or_path",
    "model_args",
    "model_kwargs",
    "tokenizer_args",
    "processor_kwargs",
    "config_args",
    "config_kwargs",
  );
  const { name, output } = outputs[task];
  const unsaid = task === "feature-extraction" ? ([null, undefined] as const) : [];
  settings.transformer_task.oneOf(task, ...unsaid);
  settings.module_output_name.oneOf(name, ...unsaid);
  for (const field of [settings.query_length, settings.document_length, settings.query_expansion])
    field.oneOf(null, undefined);
  settings.tokenizer_name_or_path.oneOf(null, undefined);
  if (!settings.modality_config.isNull) {
    const { text } = settings.modality_config.object("text");
    text.field("method").oneOf("forward");
    text.field("method_output_name").oneOf(output);
  }
  for (const [key, field] of argumentsOf(settings.model_args, settings.model_kwargs))
    if (!harmlessModelKeys.includes(key) && !field.isNull) field.refuse(`none but ${harmlessModelKeys.join(", ")}`);
  const tokenizerArguments = argumentsOf(settings.tokenizer_args, settings.processor_kwargs);
  const { max_length: ofProcessing } = processingArguments(settings.processing_kwargs);
  const limit = [ofProcessing, tokenizerArguments.get("model_max_length"), settings.max_seq_length].find(
    (field) => field?.isNull === false,
  );
  return {
    config,
    maxSeqLength: limit?.number(2),
    doLowerCase: settings.do_lower_case.boolean(false),
    configArguments: argumentsOf(settings.config_args, settings.config_kwargs),
    tokenizerArguments,
  };
}

async function firstOf(source: FileSource, paths: readonly string[]): Promise<JsonField | undefined> {
  for (const path of paths) {
    const json = await readJson(source, path);
    if (json !== undefined && json.entries().size > 0) return json;
  }
  return undefined;
}

/** Arguments under their old name or their new one, without those about loading. */
function argumentsOf(old: JsonField, renamed: JsonField): Map<string, JsonField> {
  const given = [renamed, old].find((field) => !field.isNull);
  return new Map([...(given?.entries() ?? [])].filter(([key]) => !loadingKeys.includes(key)));
}

/** What is said to the tokenizer with each call; all but `max_length` must be as it is without being said. */
function processingArguments(field: JsonField): { readonly max_length?: JsonField } {
  if (field.isNull) return {};
  const { text, common } = field.object("text", "common", "audio", "image", "video", "chat_template");
  for (const part of [common, text]) {
    if (part.isNull) continue;
    const said = part.object(
      "padding",
      "truncation",
      "max_length",
      "pad_to_multiple_of",
      "return_tensors",
      "logits_to_keep",
    );
    said.truncation.oneOf(undefined, true, "longest_first", "only_first");
  }
  return text.isNull || text.field("max_length").isNull ? {} : { max_length: text.field("max_length") };
}

/**
 * What `config_sentence_transformers.json` says of prompts and vectors. Keys that Python passes over are passed over.
 *
 * @throws FormatError naming the file and the key
 * @see sentence-transformers 6.2.0, `base/model.py` and `sentence_transformer/model.py`
 */
export function sentenceSettings(
  json: JsonField | undefined,
  { modelType = "SentenceTransformer" }: { readonly modelType?: string } = {},
): Pick<ModelSettings, "similarityFunction" | "prompts" | "defaultPromptName" | "truncateDim"> {
  const field = (key: string) => json?.field(key) ?? new JsonField(undefined, "", key);
  field("model_type").oneOf(modelType, undefined);
  const prompts = Object.fromEntries(
    [...(field("prompts").isNull ? [] : field("prompts").entries())].map(([name, prompt]) => [
      name,
      promptText(prompt),
    ]),
  );
  const [name, similarity, dimension] = [
    field("default_prompt_name"),
    field("similarity_fn_name"),
    field("truncate_dim"),
  ];
  // "query" and "document" are there in every model, empty unless it says otherwise.
  const known = [...new Set([...Object.keys(prompts), "query", "document"])];
  return {
    prompts,
    similarityFunction: similarity.isNull ? "cosine" : similarity.oneOf(...similarities),
    defaultPromptName: name.isNull ? undefined : name.oneOf(...known),
    truncateDim: dimension.isNull ? undefined : dimension.integer(1, 2 ** 31),
  };
}

/**
 * What `config.json` says of how far vectors may be cut.
 *
 * @throws FormatError naming the file and the key, for dimensions that are none
 * @see vLLM, docs/models/pooling_models.md, Matryoshka Embeddings: the two keys that servers of such models read
 */
export function matryoshkaDimensions({
  config,
  configArguments,
}: TransformerSettings): ModelSettings["matryoshkaDimensions"] {
  const field = (key: string) => configArguments.get(key) ?? config?.field(key) ?? new JsonField(undefined, "", key);
  const [named, isAny] = [field("matryoshka_dimensions"), field("is_matryoshka").value === true];
  if (named.isNull) return isAny ? "any" : undefined;
  return named.array().map((dimension) => dimension.integer(1, 2 ** 31));
}

/** A prompt that is null is none, as there. */
function promptText(prompt: JsonField): string {
  if (prompt.isNull) return "";
  return typeof prompt.value === "string" ? prompt.value : prompt.refuse("a text");
}

/** A tokenizer that is made when it is first asked for, and the limit of tokens that its files name. */
export type ReadTokenizer = {
  readonly tokenizer: () => Tokenizer;
  /** The file with the vocabulary, relative to the model's folder. */
  readonly path: string;
  readonly maxLength: number | undefined;
};

/** The files of a vocabulary without all the rest. */
const vocabularyFiles: readonly string[] = ["vocab.txt", "vocab.json", "merges.txt"];

/**
 * The tokenizer of a transformer's folder, as transformers reads it, and with sentence-transformers' `do_lower_case` on top.
 *
 * @param folder the transformer's, "" or ending in "/"
 * @throws FormatError naming file and key; about the tokenizer itself when it is asked for
 */
export async function readTokenizer(
  source: FileSource,
  folder: string,
  { doLowerCase, tokenizerArguments, config }: TransformerSettings,
): Promise<ReadTokenizer> {
  const files: { -readonly [name in keyof TokenizerFiles]: Uint8Array } = {};
  for (const name of tokenizerFileNames) {
    if (vocabularyFiles.includes(name) && files["tokenizer.json"] !== undefined) continue; // which is complete without them
    const bytes = await source.read(folder + name);
    if (bytes !== undefined) files[name] = bytes;
  }
  const own = objectIn(files["tokenizer_config.json"], source.nameOf(`${folder}tokenizer_config.json`));
  const limit = ["model_max_length", "max_len"]
    .flatMap((key): (JsonField | undefined)[] => [tokenizerArguments.get(key), own?.field(key)])
    .find((field) => field?.isNull === false);
  let made: Tokenizer | undefined;
  return {
    tokenizer: () =>
      (made ??= tokenizerFromFiles(files, {
        nameOf: (name) => source.nameOf(folder + name),
        config,
        overrides: tokenizerArguments,
        lowercase: doLowerCase,
      })),
    path: `${folder}${(["tokenizer.json", "vocab.json"] as const).find((name) => files[name] !== undefined) ?? "vocab.txt"}`,
    maxLength: limit?.number(2),
  };
}
