import { FormatError, JsonField } from "@kindred/errors";
import { readSafetensors, readTorchCheckpoint } from "@kindred/tensor-files";
import { type FileSource, type ModelFiles, type ModelFolder, type ModelModule, moduleKinds } from "./model-folder.ts";
import {
  matryoshkaDimensions,
  readJson,
  type ReadTokenizer,
  readTokenizer,
  readTransformerSettings,
  sentenceFile,
  sentenceSettings,
} from "./read-settings.ts";
import { model2vecModules, model2vecType, readStaticEmbedding } from "./read-static-embedding.ts";
import { openWeights, tensorsInMemory } from "./stored-tensors.ts";

/**
 * Reads a model from wherever its files lie: the modules that `modules.json` chains, the settings of each, the tokenizer,
 * prompts and limits. Only files that the model names are read; weights when they are asked for.
 *
 * A folder without `modules.json` is a bare transformer with mean pooling, whatever else lies in it, as in
 * sentence-transformers, or a model of model2vec, if its config.json says so. All but `config.json` and a tokenizer may be missing.
 *
 * @throws FormatError naming the file and the key, for a file that is missing or broken, and for anything that would change the
 * vectors if it were ignored
 * @see sentence-transformers 6.2.0, `base/model.py`
 *
 * @example
 * ```ts
 * import { filesInMemory, readModelFolder } from "@kindred/model-folder";
 *
 * const texts = { "config.json": '{"model_type": "mpnet"}', "vocab.txt": "<s>\n<pad>\n</s>\n<unk>\ncat\n[UNK]\n<mask>\n" };
 * const files = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
 * const { modules, tokenizer } = await readModelFolder(filesInMemory(files));
 * modules.map(({ kind }) => kind); // => ["Transformer", "Pooling"]
 * tokenizer.encode("Cat").ids; // => [0, 4, 2]
 * ```
 */
export async function readModelFolder(source: FileSource): Promise<ModelFolder> {
  const listed = await listedIn(source);
  const isBare = listed.length === 1 && listed[0].kind === "Transformer";
  const sentence = isBare ? undefined : await readJson(source, sentenceFile);
  const [own, ...others] = listed;
  const { module, tokenizer, ...limits } = await readFirst(source, own, { isBare });
  const rest = await Promise.all(others.map((each) => readModule(source, each)));
  const [pooling = meanPooling, ...after] = own.kind === "StaticEmbedding" ? [meanPooling, ...rest] : rest;
  return {
    modules: [module, pooling, ...after],
    get tokenizer() {
      return tokenizer.tokenizer();
    },
    tokenizerFile: tokenizer.path,
    settings: { ...limits, maxSeqLength: limits.maxSeqLength ?? tokenizer.maxLength, ...sentenceSettings(sentence) },
    writtenWith: versionsIn(sentence),
  };
}

/** The first module, and what it says of texts. */
type FirstModule = Pick<ModelFolder["settings"], "maxSeqLength" | "doLowerCase" | "matryoshkaDimensions"> & {
  readonly module: ModelModule;
  readonly tokenizer: ReadTokenizer;
};

async function readFirst(
  source: FileSource,
  { kind, path }: ListedModule,
  { isBare }: { readonly isBare: boolean },
): Promise<FirstModule> {
  const folder = inFolder(path);
  if (kind === "StaticEmbedding")
    return {
      ...(await readStaticEmbedding(source, path)),
      ...{ maxSeqLength: undefined, doLowerCase: false, matryoshkaDimensions: undefined },
    };
  const file = source.nameOf(`${folder}config.json`);
  const { transformer, tokenizer } = await readTransformer(source, folder, { isBare });
  const { config, configArguments, maxSeqLength, doLowerCase } = transformer;
  if (config === undefined)
    throw new FormatError({ file }, "the file is missing. Is this a folder of a sentence-transformers model?");
  const fields = [...config.entries(), ...configArguments];
  return {
    module: {
      ...{ kind, path, file },
      config: Object.fromEntries(fields.map(([key, { value }]) => [key, value])),
      openWeights: () => openWeights(source, folder),
    },
    tokenizer,
    maxSeqLength,
    doLowerCase,
    matryoshkaDimensions: matryoshkaDimensions(transformer),
  };
}

/** A module behind the first. */
async function readModule(source: FileSource, { kind, path }: ListedModule): Promise<ModelModule> {
  const file = source.nameOf(`${inFolder(path)}config.json`);
  const json = await readJson(source, `${inFolder(path)}config.json`);
  if (json === undefined && (kind === "Pooling" || kind === "Dense"))
    throw new FormatError({ file }, "the file is missing, though modules.json names its folder.");
  if (json !== undefined) expectSentenceEmbedding(json);
  const fields = [...(json?.entries() ?? [])];
  return {
    ...{ kind, path, file },
    config: Object.fromEntries(fields.map(([key, { value }]) => [key, value])),
    openWeights: async () => (kind === "Dense" ? openWeights(source, inFolder(path)) : tensorsInMemory([], file)),
  };
}

/**
 * The tokenizer of a model as {@link readModelFolder} reads it, and the limit of tokens that the files name, from its tokenizer's files
 * alone: neither a config.json nor anything else of a model need be there.
 *
 * @throws FormatError as {@link readModelFolder} does
 *
 * @example
 * ```ts
 * import { filesInMemory, readModelTokenizer } from "@kindred/model-folder";
 *
 * const vocabulary = new TextEncoder().encode("<s>\n<pad>\n</s>\n<unk>\ncat\n[UNK]\n<mask>\n");
 * const { tokenizer } = await readModelTokenizer(filesInMemory({ "vocab.txt": vocabulary }));
 * tokenizer.encode("Cat").ids; // => [0, 4, 2]
 * ```
 */
export async function readModelTokenizer(
  source: FileSource,
): Promise<Pick<ModelFolder, "tokenizer"> & Pick<ModelFolder["settings"], "maxSeqLength">> {
  const [first, ...others] = await listedIn(source);
  const isBare = others.length === 0;
  const { tokenizer, maxSeqLength } =
    first.kind === "StaticEmbedding"
      ? { ...(await readStaticEmbedding(source, first.path)), maxSeqLength: undefined }
      : await readTransformer(source, inFolder(first.path), { isBare }).then(({ transformer, tokenizer: own }) => ({
          tokenizer: own,
          maxSeqLength: transformer.maxSeqLength,
        }));
  return { tokenizer: tokenizer.tokenizer(), maxSeqLength: maxSeqLength ?? tokenizer.maxLength };
}

/** What the transformer's files say of texts. */
async function readTransformer(source: FileSource, folder: string, options: { readonly isBare: boolean }) {
  const transformer = await readTransformerSettings(source, folder, options);
  return { transformer, tokenizer: await readTokenizer(source, folder, transformer) };
}

/** The modules that the files list; model2vec's folders may list none. */
async function listedIn(source: FileSource): Promise<[first: ListedModule, ...others: ListedModule[]]> {
  const file = source.nameOf(modulesFile);
  const text = await source.read(modulesFile);
  const config = text === undefined ? await readJson(source, "config.json") : undefined;
  if (config?.field("model_type").value === model2vecType) return model2vecModules(config);
  const [first, ...others] = listedModules(text, { file });
  if (first === undefined) throw new FormatError({ file }, "no modules.");
  return [first, ...others];
}

const inFolder = (path: string) => (path === "" ? "" : `${path}/`);

/**
 * The files of a model in memory, as a browser fetches them, for {@link readModelFolder}.
 *
 * @example
 * ```ts
 * import { filesInMemory } from "@kindred/model-folder";
 *
 * const source = filesInMemory({ "README.md": new TextEncoder().encode("# A model") });
 * (await source.read("README.md"))?.length; // => 9
 * await source.read("config.json"); // => undefined
 * ```
 */
export function filesInMemory(files: ModelFiles): FileSource {
  const bytesOf = (path: string) => (Object.hasOwn(files, path) ? files[path] : undefined);
  return {
    read: async (path) => bytesOf(path),
    openTensors: async (path) => {
      const bytes = bytesOf(path);
      if (bytes === undefined) return undefined;
      const read = path.endsWith(".bin") ? readTorchCheckpoint : readSafetensors;
      const { tensors } = await read(bytes, { file: path });
      return tensorsInMemory(tensors, path);
    },
    nameOf: (path) => path,
  };
}

/** A module as `modules.json` lists it: its class, and its folder, "" or without a slash at its end. */
export type ListedModule = Pick<ModelModule, "kind" | "path">;

/** The file that lists a model's modules. */
export const modulesFile = "modules.json";

/**
 * The modules that the text of a `modules.json` lists, in the spelling of any sentence-transformers version; undefined, as
 * the file is where it is missing, means a bare transformer.
 *
 * @throws FormatError naming the file and the key, for a module other than those of `moduleKinds`, for a path that leads out of the
 * folder, and for any other order than Transformer → Pooling, or StaticEmbedding, → any of the others
 *
 * @example
 * ```ts
 * import { listedModules } from "@kindred/model-folder";
 *
 * const text = JSON.stringify([
 *   { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
 *   { idx: 1, name: "1", path: "./1_Pooling/", type: "sentence_transformers.models.Pooling" },
 * ]);
 * listedModules(text)[1]; // => { kind: "Pooling", path: "1_Pooling" }
 * ```
 */
export function listedModules(
  text: string | Uint8Array | undefined,
  { file = modulesFile }: { readonly file?: string } = {},
): ListedModule[] {
  if (text === undefined) return [{ kind: "Transformer", path: "" }];
  const list = JsonField.parse(text, file);
  const modules = modulesIn(list);
  const kinds = modules.map(({ kind }) => kind);
  const heads = [["Transformer", "Pooling"], ["StaticEmbedding"]];
  const head = heads.find((candidate) => candidate.every((kind, i) => kinds[i] === kind));
  if (head !== undefined && !kinds.slice(head.length).some((kind) => heads.flat().includes(kind))) return modules;
  return list.refuse(
    `Transformer → Pooling, or StaticEmbedding, → any Dense, Normalize and Dropout, not ${modules.map(({ kind }) => kind).join(" → ") || "no modules"}`,
  );
}

/** The modules that a `modules.json` lists, whatever they are. */
export function modulesIn(list: JsonField): ListedModule[] {
  const names = new Set<unknown>();
  return list.array().map((module, i) => {
    const name = module.field("name").value ?? i;
    if (names.has(name)) module.field("name").refuse("a name that no other module has");
    names.add(name);
    return { kind: kindOf(module.field("type")), path: pathOf(module.field("path")) };
  });
}

function kindOf(type: JsonField): ModelModule["kind"] {
  const name = type.text();
  const kind = moduleKinds.find((candidate) => candidate === name.slice(name.lastIndexOf(".") + 1));
  if (kind !== undefined && name.startsWith("sentence_transformers.")) return kind;
  return type.refuse(
    `a class of sentence_transformers among ${moduleKinds.join(", ")}: leaving it out would change the vectors`,
  );
}

/** A folder within the model's, without what changes nothing: `./`, doubled slashes, one at the end. */
function pathOf(path: JsonField): string {
  const text = path.value;
  if (typeof text !== "string" || /^\/|^[a-z]:|[\\\0]/i.test(text)) return path.refuse("a folder within the model's");
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  return names.includes("..") ? path.refuse("a folder within the model's") : names.join("/");
}

/** What sentence-transformers puts behind a bare transformer. */
const meanPooling: ModelModule = {
  kind: "Pooling",
  path: "1_Pooling",
  config: { pooling_mode: "mean" },
  file: "1_Pooling/config.json",
  openWeights: async () => tensorsInMemory([], "1_Pooling"),
};

/** Since version 6 Dense and Normalize say what they work on. */
function expectSentenceEmbedding(config: JsonField): void {
  for (const key of ["module_input_name", "module_output_name"])
    config.field(key).oneOf("sentence_embedding", null, undefined);
}

function versionsIn(sentence: JsonField | undefined): ModelFolder["writtenWith"] {
  const versions = sentence?.field("__version__");
  const entries = versions === undefined || versions.isNull ? [] : [...versions.entries()];
  return Object.fromEntries(
    entries.flatMap(([library, { value }]) => (typeof value === "string" ? [[library, value]] : [])),
  );
}
