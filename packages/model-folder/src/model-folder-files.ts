import { ConfigError } from "@kindred/errors";
import { fromFloat32, type NamedTensor, planSafetensors, toFloat32 } from "@kindred/tensor-files";
import { type Tokenizer, tokenizerToFiles } from "@kindred/tokenizer";
import type { JsonObject, ModelFiles, ModelFolder, ModelModule, ModelSettings, StoredTensors } from "./model-folder.ts";
import { modulesFile } from "./read-model-folder.ts";
import { sentenceFile } from "./read-settings.ts";
import { tensorsInMemory } from "./stored-tensors.ts";

/** How the numbers of a saved model are stored. */
export type WeightDtype = "float32" | "float16" | "bfloat16";

/** How {@link modelFolderFiles} is to write a model. */
export type ModelFolderFilesOptions = {
  /** The text of the model card, README.md. Default: none. */
  readonly readme?: string;
  /** Half precision rounds weights to nearest and halves the file. Default: `"float32"`. */
  readonly dtype?: WeightDtype;
};

const dtypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/**
 * A module of a model that is made, not read.
 *
 * @example
 * ```ts
 * import { newModule } from "@kindred/model-folder";
 *
 * newModule("Pooling", { embedding_dimension: 8, pooling_mode: "cls" }).config["pooling_mode"]; // => "cls"
 * ```
 */
export function newModule(
  kind: ModelModule["kind"],
  config: JsonObject = {},
  tensors: Iterable<readonly [name: string, tensor: NamedTensor]> = [],
): ModelModule {
  const file = `the new model's ${kind}`;
  return { kind, path: "", config, file, openWeights: async () => tensorsInMemory(tensors, file) };
}

/**
 * The files of a model as a sentence-transformers folder, in the form that every version of that library reads: the
 * module names of before version 5.4, and safetensors. The modules' own settings are written as they are.
 *
 * The transformer lies in the folder itself, the others in `1_Pooling`, `2_Dense`, …, whatever their folders were called
 * before; weights of Dense need version 2.3. A static embedding lies in `0_StaticEmbedding`, without a pooling, and needs version 3.2.
 *
 * @throws ConfigError for a dtype that does not exist, and for a static embedding that leaves unknown words out
 * @see sentence-transformers, `util/deprecated_import.py`, which maps the old names in new versions
 *
 * @example
 * ```ts
 * import { modelFolderFiles, newModule, newSettings } from "@kindred/model-folder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 *
 * const files = await modelFolderFiles({
 *   modules: [
 *     newModule("Transformer", { model_type: "mpnet" }, [["pooler.dense.bias", fromFloat32([1], [1])]]),
 *     newModule("Pooling", { word_embedding_dimension: 8, pooling_mode_mean_tokens: true }),
 *   ],
 *   tokenizer: tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\n[UNK]\n<mask>\n"),
 *   settings: newSettings({ maxSeqLength: 16 }),
 * });
 * Object.keys(files).filter((name) => name.startsWith("mod")); // => ["modules.json", "model.safetensors"]
 * ```
 */
export async function modelFolderFiles(
  model: Pick<ModelFolder, "modules" | "tokenizer" | "settings">,
  options: ModelFolderFilesOptions = {},
): Promise<ModelFiles> {
  const files: { [path: string]: Uint8Array } = {};
  for await (const { path, chunks } of modelFolderContents(model, options)) {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    files[path] = joined(all);
  }
  return files;
}

/** One file of a model folder, its bytes in pieces. */
export type ModelFileContents = {
  readonly path: string;
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
};

/** The same files, one after another, as streams: of weights no more than one tensor is in memory. */
export async function* modelFolderContents(
  { modules, tokenizer, settings }: Pick<ModelFolder, "modules" | "tokenizer" | "settings">,
  { readme = "", dtype = "float32" }: ModelFolderFilesOptions = {},
): AsyncGenerator<ModelFileContents, void> {
  if (!Object.hasOwn(dtypes, dtype)) {
    const known = Object.keys(dtypes).join(", ");
    throw new ConfigError(`modelFolderFiles: unknown dtype. Got ${dtype}, expected ${known}.`, { dtype });
  }
  const isStatic = modules[0].kind === "StaticEmbedding";
  const chain = isStatic ? modules.filter(({ kind }) => kind !== "Pooling") : modules; // which has the mean in it
  const placed = chain.map((module, i) => ({ ...module, path: i === 0 && !isStatic ? "" : `${i}_${module.kind}` }));
  yield json(
    modulesFile,
    placed.map(({ path, kind }, idx) => ({
      idx,
      name: `${idx}`,
      path,
      type: `sentence_transformers.models.${kind}`,
    })),
  );
  if (!isStatic)
    yield json("sentence_bert_config.json", {
      max_seq_length: settings.maxSeqLength ?? null,
      do_lower_case: settings.doLowerCase,
    });
  yield json(sentenceFile, {
    __version__: { sentence_transformers: "2.0.0", transformers: "4.8.2", pytorch: "1.9.0" }, // the first of the versions that read this form
    model_type: "SentenceTransformer",
    prompts: settings.prompts,
    default_prompt_name: settings.defaultPromptName ?? null,
    similarity_fn_name: settings.similarityFunction,
    ...(settings.truncateDim === undefined ? {} : { truncate_dim: settings.truncateDim }),
  });
  const { maxSeqLength: maxLength, doLowerCase: lowercase } = settings;
  const modelType = modules[0].config["model_type"];
  if (isStatic) yield staticTokenizer(`${placed[0]?.path}/tokenizer.json`, tokenizer, maxLength);
  else
    for (const [path, bytes] of Object.entries(tokenizerToFiles(tokenizer, { modelType, maxLength, lowercase })))
      yield { path, chunks: [bytes] };
  for (const module of placed) {
    const folder = module.path === "" ? "" : `${module.path}/`;
    const config = module.kind === "Transformer" ? transformerConfig(module, settings, dtype) : module.config;
    if (module.kind !== "StaticEmbedding" && Object.keys(config).length > 0) yield json(`${folder}config.json`, config);
    const weights = await module.openWeights();
    try {
      if (weights.tensors.size > 0) yield { path: `${folder}model.safetensors`, chunks: safetensorsOf(weights, dtype) };
    } finally {
      await weights.close();
    }
  }
  if (readme !== "") yield { path: "README.md", chunks: [new TextEncoder().encode(readme)] };
}

/** A transformer's config.json: its own, with what is said there of the vectors and of how numbers are stored. */
function transformerConfig(
  { config }: ModelModule,
  { matryoshkaDimensions: dimensions }: ModelSettings,
  dtype: WeightDtype,
): JsonObject {
  const { matryoshka_dimensions: _, is_matryoshka: __, ...own } = config;
  const cut =
    dimensions === undefined
      ? {}
      : dimensions === "any"
        ? { is_matryoshka: true }
        : { matryoshka_dimensions: dimensions };
  return { ...own, ...cut, torch_dtype: dtype };
}

/** A static embedding's tokenizer.json, which says by itself how many tokens of a text are read. */
function staticTokenizer(path: string, tokenizer: Tokenizer, maxLength: number | undefined): ModelFileContents {
  if (tokenizer.definition.bare?.dropsUnknown === true)
    throw new ConfigError(
      "modelFolderFiles: this static embedding leaves unknown words out, which files of sentence-transformers can't say. Keep its folder as it is.",
    );
  const limit = maxLength !== undefined && maxLength < unlimited ? maxLength : undefined;
  const truncation =
    limit === undefined ? null : { direction: "Right", max_length: limit, strategy: "LongestFirst", stride: 0 };
  return json(path, { ...JSON.parse(tokenizer.toJson()), truncation });
}

/** More tokens than any text has. */
const unlimited = 2 ** 30;

async function* safetensorsOf(weights: StoredTensors, dtype: WeightDtype): AsyncGenerator<Uint8Array, void> {
  const stored = [...weights.tensors].map(([name, { shape }]) => [name, { dtype: dtypes[dtype], shape }] as const);
  const { header, order } = planSafetensors(stored, { metadata: { format: "pt" } });
  yield header;
  for (const name of order) {
    const tensor = await weights.read(name);
    const isStored = tensor.dtype === dtypes[dtype];
    yield (isStored ? tensor : fromFloat32(toFloat32(tensor, { copy: false }), tensor.shape, dtypes[dtype])).bytes;
  }
}

function json(path: string, value: unknown): ModelFileContents {
  return { path, chunks: [new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)] };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
