import { FormatError } from "@kindred/errors";
import { jsonFile, type ModelFiles } from "./model-files.ts";

/** What a sentence-transformers folder chains: a transformer, a pooling, and perhaps a normalisation. */
export type ModelModules = {
  /** Folder of the transformer's files within the model folder: "" or ending in "/". */
  readonly transformerFolder: string;
  /** Path of the pooling's config file; undefined where the folder has no `modules.json`. */
  readonly poolingFile: string | undefined;
  /** Whether sentence vectors are divided by their length at the end. */
  readonly normalize: boolean;
};

const supported = ["Transformer", "Pooling", "Normalize"];

/**
 * The modules that `modules.json` lists, in the spelling of any sentence-transformers version. A folder without the file is a
 * bare transformer, which sentence-transformers reads as transformer + mean pooling; so does this.
 *
 * @throws FormatError for a module other than Transformer, Pooling and Normalize, by name, and for any other order.
 */
export function modelModules(files: ModelFiles): ModelModules {
  const file = "modules.json";
  const modules = jsonFile(files, file);
  if (modules === undefined) return { transformerFolder: "", poolingFile: undefined, normalize: false };
  if (!Array.isArray(modules)) throw new FormatError({ file }, "Got no list, expected [{ idx, name, path, type }, …].");
  const chain = modules.map((module: unknown) => kindAndPath(module, file));
  const [transformer, pooling, normalize, ...rest] = chain;
  const kinds = chain.map(({ kind }) => kind).join(" → ");
  if (
    transformer?.kind !== "Transformer" ||
    pooling?.kind !== "Pooling" ||
    (normalize && normalize.kind !== "Normalize") ||
    rest.length > 0
  ) {
    throw new FormatError(
      { file },
      `Got modules ${kinds || "(none)"}, expected Transformer → Pooling or Transformer → Pooling → Normalize.`,
    );
  }
  return {
    transformerFolder: transformer.path === "" ? "" : `${transformer.path}/`,
    poolingFile: `${pooling.path}/config.json`,
    normalize: normalize !== undefined,
  };
}

function kindAndPath(module: unknown, file: string): { kind: string; path: string } {
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
  const kind = type.slice(type.lastIndexOf(".") + 1);
  if (!type.startsWith("sentence_transformers.") || !supported.includes(kind)) {
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
