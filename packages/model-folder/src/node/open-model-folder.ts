import { lstat, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { openSafetensors, openTorchCheckpoint } from "@kindred/tensor-files/node";
import { loadTokenizer } from "@kindred/tokenizer/node";
import type { FileSource, ModelFolder } from "../model-folder.ts";
import { largestSettingsBytes } from "../model-paths.ts";
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

async function expectFolder(folder: string): Promise<void> {
  const state = await stat(folder).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(state instanceof Error) && state.isDirectory()) return;
  const what = !(state instanceof Error) ? "not a folder" : state.code === "ENOENT" ? "no such folder" : state.message;
  throw new FormatError({ file: folder }, `${what}. Expected a folder of a sentence-transformers model.`);
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
      const opened = await (file.endsWith(".bin") ? openTorchCheckpoint(file) : openSafetensors(file));
      return { file, tensors: opened.tensors, read: opened.read, close: opened.close };
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
