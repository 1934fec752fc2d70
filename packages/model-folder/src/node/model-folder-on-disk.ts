import { lstat, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { openSafetensors, openTorchCheckpoint } from "@kindred/tensor-files/node";
import { loadTokenizer } from "@kindred/tokenizer/node";
import { nearestPath, writeChunks, writeFolderAtomic } from "@kindred/files/node";
import type { FileSource, ModelFolder } from "../model-folder.ts";
import { modelFolderContents, type ModelFolderFilesOptions } from "../model-folder-files.ts";
import { largestSettingsBytes } from "../model-paths.ts";
import { type CrossEncoderFolder, readCrossEncoderFolder } from "../read-cross-encoder-folder.ts";
import { readModelFolder, readModelTokenizer } from "../read-model-folder.ts";

/**
 * Reads the model in a folder on disk: settings and vocabulary at once, weights tensor by tensor when they are asked for.
 * Links are followed, and only files that the model names are looked at.
 *
 * @throws FormatError as `readModelFolder` does, if there is no such folder, and for a settings file of more than 64 MiB
 *
 * @example
 * ```ts ignore
 * import { openModelFolder } from "@kindred/model-folder/node";
 *
 * const { modules, tokenizer, settings } = await openModelFolder("all-mpnet-base-v2");
 * tokenizer.encode("A cat sat.", { maxLength: settings.maxSeqLength }).ids;
 * const weights = await modules[0].openWeights();
 * for (const [name, { shape }] of weights.tensors) console.log(name, shape);
 * await weights.close();
 * ```
 */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  await expectFolder(folder);
  return readModelFolder(filesInFolder(folder));
}

/**
 * Reads the cross-encoder in a folder on disk, as {@link openModelFolder} reads a model of vectors.
 *
 * @throws FormatError as `readCrossEncoderFolder` does, if there is no such folder, and for a settings file of more than 64 MiB
 *
 * @example
 * ```ts ignore
 * import { openCrossEncoderFolder } from "@kindred/model-folder/node";
 *
 * const { labels, activation } = await openCrossEncoderFolder("ms-marco-MiniLM-L6-v2");
 * [labels, activation]; // => [1, "identity"]
 * ```
 */
export async function openCrossEncoderFolder(folder: string): Promise<CrossEncoderFolder> {
  await expectFolder(folder);
  return readCrossEncoderFolder(filesInFolder(folder));
}

/**
 * The tokenizer of a model's folder, of a folder with a tokenizer's files alone, or of a tokenizer.json or vocab.txt; and the limit of
 * tokens, where the folder names one.
 *
 * @throws FormatError if there is none, or one that breaks its format
 *
 * @example
 * ```ts ignore
 * import { openModelTokenizer } from "@kindred/model-folder/node";
 *
 * const { tokenizer, maxSeqLength: maxLength } = await openModelTokenizer("all-mpnet-base-v2");
 * tokenizer.encode("A cat sat.", { maxLength }).ids;
 * ```
 */
export async function openModelTokenizer(path: string): ReturnType<typeof readModelTokenizer> {
  const isFile = await stat(path).then(
    (state) => state.isFile(),
    () => false,
  );
  if (isFile) return { tokenizer: await loadTokenizer(path), maxSeqLength: undefined };
  await expectFolder(path);
  return readModelTokenizer(filesInFolder(path));
}

/** Options of {@link saveModelFolder}. */
export type SaveModelFolderOptions = ModelFolderFilesOptions & {
  /** Whether the folder may take the place of one that is there. Default: false. */
  readonly replace?: boolean;
};

/**
 * Writes a model as a sentence-transformers folder. The folder is whole or absent, whenever the process ends.
 *
 * @throws ConfigError if the folder exists and `replace` is not set
 *
 * @example
 * ```ts ignore
 * import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
 *
 * await saveModelFolder("my-model-half", await openModelFolder("my-model"), { dtype: "float16" });
 * ```
 */
export async function saveModelFolder(
  folder: string,
  model: Pick<ModelFolder, "modules" | "tokenizer" | "settings">,
  { replace = false, ...options }: SaveModelFolderOptions = {},
): Promise<void> {
  const write = async (temporary: string) => void (await writeModelFolder(temporary, model, options));
  await writeFolderAtomic(folder, write, { replace });
}

/**
 * Writes a model's files into a folder that exists, for callers that make a larger folder whole: as streams, so that of its weights no more
 * than one tensor is in memory. Gives the SHA-256 of each by its path.
 *
 * @example
 * ```ts ignore
 * import type { ModelFolder } from "@kindred/model-folder";
 * import { writeModelFolder } from "@kindred/model-folder/node";
 * import { writeFolderAtomic } from "@kindred/files/node";
 *
 * declare const model: ModelFolder;
 * await writeFolderAtomic("checkpoint-500", async (folder) => {
 *   await writeModelFolder(folder, model);
 *   // … and whatever else belongs to the checkpoint
 * });
 * ```
 */
export async function writeModelFolder(
  folder: string,
  model: Pick<ModelFolder, "modules" | "tokenizer" | "settings">,
  options: ModelFolderFilesOptions = {},
): Promise<{ readonly [path: string]: string }> {
  const checksums: { [path: string]: string } = {};
  for await (const { path, chunks } of modelFolderContents(model, options))
    checksums[path] = await writeChunks(join(folder, path), chunks);
  return checksums;
}

async function expectFolder(folder: string): Promise<void> {
  const state = await stat(folder).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(state instanceof Error) && state.isDirectory()) return;
  const what = !(state instanceof Error) ? "not a folder" : state.code === "ENOENT" ? "no such folder" : state.message;
  const meant = state instanceof Error ? nearestPath(folder) : undefined;
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  throw new FormatError({ file: folder }, `${what}. Expected a folder of a sentence-transformers model.${hint}`);
}

/**
 * The files of a folder on disk, as `readModelFolder` reads them.
 *
 * @example
 * ```ts ignore
 * import { filesInFolder } from "@kindred/model-folder/node";
 *
 * await filesInFolder("my-model").read("modules.json");
 * ```
 */
export function filesInFolder(folder: string): FileSource {
  const nameOf = (path: string) => join(folder, path);
  return {
    nameOf,
    async read(path) {
      const file = nameOf(path);
      const size = await sizeOf(file);
      if (size === undefined) return undefined;
      if (size > largestSettingsBytes)
        throw new FormatError(
          { file },
          `the file is too large for a model's settings. Got ${size} bytes, expected at most ${largestSettingsBytes}.`,
        );
      return new Uint8Array(await readFile(file));
    },
    async openTensors(path) {
      const file = nameOf(path);
      if ((await sizeOf(file)) === undefined) return undefined;
      if (file.endsWith(".bin")) {
        const { tensors, read, close } = await openTorchCheckpoint(file);
        return { file, tensors, read, close };
      }
      const { tensors, read, pieces, close } = await openSafetensors(file);
      return { file, tensors, read, pieces, close };
    },
  };
}

/** The bytes of a file, links followed; undefined if there is none. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code; // what `stat` rejects with
    if (code !== "ENOENT" && code !== "ENOTDIR") throw cause;
    const isLink = await lstat(file).then(
      (state) => state.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return undefined;
    throw new FormatError(
      { file },
      "a link to a file that is not there. Bring the file, or remove the link.",
      {},
      { cause },
    );
  }
}
