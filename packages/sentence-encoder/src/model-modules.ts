import { FormatError } from "@kindred/errors";
import { jsonFile, jsonObjectFile, type ModelFiles } from "./model-files.ts";

/**
 * What a sentence-transformers folder chains: a transformer, a pooling, perhaps dense layers, perhaps a normalisation.
 */
export type ModelModules = {
  /** Folder of the transformer's files within the model folder: "" or ending in "/". */
  readonly transformerFolder: string;
  /** Path of the pooling's config file; undefined where the folder has no `modules.json`. */
  readonly poolingFile: string | undefined;
  /** Folders of the dense layers, in the order in which a vector goes through them. */
  readonly denseFolders: readonly string[];
  /** Whether sentence vectors are divided by their length at the end. */
  readonly normalize: boolean;
};

const supported = ["Transformer", "Pooling", "Dense", "Normalize"] as const;
type Module = { readonly kind: (typeof supported)[number]; readonly path: string };

/**
 * The modules that `modules.json` lists, in the spelling of any sentence-transformers version. A folder without the
 * file is a bare transformer, which sentence-transformers reads as transformer + mean pooling; so does this.
 *
 * @throws FormatError for a module other than Transformer, Pooling, Dense and Normalize, by name, and for any other
 * order.
 *
 * @example
 * ```ts
 * import { modelModules } from "@kindred/sentence-encoder";
 *
 * const kinds = { "": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize" };
 * const list = Object.entries(kinds).map(([path, kind]) => ({ path, type: `sentence_transformers.models.${kind}` }));
 * const modules = modelModules({ "modules.json": new TextEncoder().encode(JSON.stringify(list)) });
 * [modules.poolingFile, modules.normalize]; // => ["1_Pooling/config.json", true]
 * ```
 */
export function modelModules(files: ModelFiles): ModelModules {
  const file = "modules.json";
  const modules = jsonFile(files, file);
  if (modules === undefined)
    return { transformerFolder: "", poolingFile: undefined, denseFolders: [], normalize: false };
  if (!Array.isArray(modules)) throw new FormatError({ file }, "Got no list, expected [{ idx, name, path, type }, …].");
  const chain = modules.map((module: unknown) => kindAndPath(module, file));
  const [transformer, pooling, ...head] = chain;
  const normalize = head.at(-1)?.kind === "Normalize";
  const denses = normalize ? head.slice(0, -1) : head;
  const isInOrder = transformer?.kind === "Transformer" && pooling?.kind === "Pooling";
  if (!isInOrder || denses.some(({ kind }) => kind !== "Dense")) {
    throw new FormatError(
      { file },
      `Got modules ${chain.map(({ kind }) => kind).join(" → ") || "(none)"}, expected Transformer → Pooling → any Dense → perhaps Normalize.`,
    );
  }
  for (const { kind, path } of head) expectSentenceEmbedding(files, kind, `${path}/config.json`);
  return {
    transformerFolder: transformer.path === "" ? "" : `${transformer.path}/`,
    poolingFile: `${pooling.path}/config.json`,
    denseFolders: denses.map(({ path }) => path),
    normalize,
  };
}

/** Since version 6 Dense and Normalize say what they work on. */
function expectSentenceEmbedding(files: ModelFiles, kind: string, file: string): void {
  const config = jsonObjectFile(files, file) ?? {};
  for (const key of ["module_input_name", "module_output_name"]) {
    const name = config[key] ?? "sentence_embedding";
    if (name === "sentence_embedding") continue;
    throw new FormatError(
      { file },
      `${kind} works on ${JSON.stringify(name)} (${key}), expected "sentence_embedding".`,
    );
  }
}

function kindAndPath(module: unknown, file: string): Module {
  const { type, path } = (typeof module === "object" && module !== null ? module : {}) as {
    type?: unknown;
    path?: unknown;
  };
  if (typeof type !== "string" || typeof path !== "string") {
    throw new FormatError(
      { file },
      `Got the module ${JSON.stringify(module)}, expected an object with a type and a path.`,
    );
  }
  const name = type.slice(type.lastIndexOf(".") + 1);
  const kind = supported.find((candidate) => candidate === name);
  if (!type.startsWith("sentence_transformers.") || kind === undefined) {
    throw new FormatError(
      { file },
      `module type ${type} is not supported. Expected one of ${supported.join(", ")}: leaving it out would change the vectors.`,
    );
  }
  if (path.startsWith("/") || path.split("/").includes("..")) {
    throw new FormatError({ file }, `Got the path ${path}, expected a folder within the model's.`);
  }
  return { kind, path };
}
