import { FormatError, JsonField } from "@kindred/errors";
import { readSafetensors, readTorchCheckpoint } from "@kindred/tensor-files";
import { type FileSource, type ModelFiles, type ModelFolder, type ModelModule, moduleKinds } from "./model-folder.ts";
import {
  matryoshkaDimensions,
  readJson,
  readTokenizer,
  readTransformerSettings,
  sentenceFile,
  sentenceSettings,
} from "./read-settings.ts";
import { openWeights, tensorsInMemory } from "./stored-tensors.ts";

/**
 * Reads a model from wherever its files lie: the modules that `modules.json` chains, the settings of each, the tokenizer,
 * prompts and limits. Only files that the model names are read; weights when they are asked for.
 *
 * A folder without `modules.json` is a bare transformer with mean pooling, whatever else lies in it, as in
 * sentence-transformers. All but `config.json` and a tokenizer may be missing.
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
  const { listed, isBare, transformer, tokenizer } = await readTransformer(source);
  const sentence = isBare ? undefined : await readJson(source, sentenceFile);
  const [first, pooling, ...after] = await Promise.all(
    listed.map(async ({ kind, path }): Promise<ModelModule> => {
      const isTransformer = kind === "Transformer";
      const file = source.nameOf(`${inFolder(path)}config.json`);
      const json = isTransformer ? transformer.config : await readJson(source, `${inFolder(path)}config.json`);
      if (json === undefined && (isTransformer || kind === "Pooling" || kind === "Dense"))
        throw new FormatError({ file }, missingConfig(kind));
      if (json !== undefined && !isTransformer) expectSentenceEmbedding(json);
      const fields = [...(json?.entries() ?? []), ...(isTransformer ? transformer.configArguments : [])];
      return {
        kind,
        path,
        file,
        config: Object.fromEntries(fields.map(([key, { value }]) => [key, value])),
        openWeights: async () =>
          isTransformer || kind === "Dense" ? openWeights(source, inFolder(path)) : tensorsInMemory([], file),
      };
    }),
  );
  if (first === undefined) throw new FormatError({ file: source.nameOf(modulesFile) }, "no modules.");
  return {
    modules: [first, pooling ?? meanPooling, ...after],
    get tokenizer() {
      return tokenizer.tokenizer();
    },
    tokenizerFile: tokenizer.path,
    settings: {
      maxSeqLength: transformer.maxSeqLength ?? tokenizer.maxLength,
      doLowerCase: transformer.doLowerCase,
      ...sentenceSettings(sentence),
      matryoshkaDimensions: matryoshkaDimensions(transformer),
    },
    writtenWith: versionsIn(sentence),
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
  const { transformer, tokenizer } = await readTransformer(source);
  return { tokenizer: tokenizer.tokenizer(), maxSeqLength: transformer.maxSeqLength ?? tokenizer.maxLength };
}

/** Which modules there are, and what the first of them says of texts. */
async function readTransformer(source: FileSource) {
  const listed = listedModules(await source.read(modulesFile), { file: source.nameOf(modulesFile) });
  const isBare = listed.length === 1;
  const folder = inFolder(listed[0]?.path ?? "");
  const transformer = await readTransformerSettings(source, folder, { isBare });
  return { listed, isBare, transformer, tokenizer: await readTokenizer(source, folder, transformer) };
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
 * folder, and for any other order than Transformer → Pooling → any of the others
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
  const [transformer, pooling, ...after] = modules;
  const isInOrder = transformer?.kind === "Transformer" && pooling?.kind === "Pooling";
  if (isInOrder && !after.some(({ kind }) => kind === "Transformer" || kind === "Pooling")) return modules;
  return list.refuse(
    `Transformer → Pooling → any Dense, Normalize and Dropout, not ${modules.map(({ kind }) => kind).join(" → ") || "no modules"}`,
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

function missingConfig(kind: ListedModule["kind"]): string {
  return kind === "Transformer"
    ? "the file is missing. Is this a folder of a sentence-transformers model?"
    : "the file is missing, though modules.json names its folder.";
}

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
