import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFolderAtomic } from "@kindred/files/node";
import { type SentenceModel, type SentenceModelFilesOptions, sentenceModelFiles } from "../sentence-model-files.ts";

/** Options of {@link saveSentenceModel}. */
export type SaveOptions = SentenceModelFilesOptions & {
  /** Whether the folder may take the place of one that is there. Default: false. */
  readonly replace?: boolean;
};

/**
 * Writes a model as a sentence-transformers folder. The folder is whole or absent, whenever the process ends.
 *
 * @throws ConfigError if the folder exists and `replace` is not set.
 *
 * @example
 * ```ts ignore
 * import { modelSettings, modelTokenizer, modelWeights } from "@kindred/sentence-encoder";
 * import { folderWeightFiles, readModelFolder, saveSentenceModel } from "@kindred/sentence-encoder/node";
 *
 * // A copy in half the bytes:
 * const folder = "runs/my-run/model";
 * const files = await readModelFolder(folder);
 * const weights = await Array.fromAsync(modelWeights(files, folderWeightFiles(folder)));
 * const model = { settings: modelSettings(files), tokenizer: modelTokenizer(files), weights };
 * await saveSentenceModel("my-model-half", model, { dtype: "float16" });
 * ```
 */
export async function saveSentenceModel(
  folder: string,
  model: SentenceModel,
  { replace = false, ...options }: SaveOptions = {},
): Promise<void> {
  await writeFolderAtomic(folder, (temporary) => writeSentenceModel(temporary, model, options), { replace });
}

/**
 * Writes a model's files into a folder that exists, for callers that make a larger folder whole.
 *
 * @example
 * ```ts ignore
 * import type { SentenceModel } from "@kindred/sentence-encoder";
 * import { writeSentenceModel } from "@kindred/sentence-encoder/node";
 * import { writeFolderAtomic } from "@kindred/files/node";
 *
 * declare const model: SentenceModel;
 * await writeFolderAtomic("checkpoint-500", async (folder) => {
 *   await writeSentenceModel(folder, model);
 *   // … and whatever else belongs to the checkpoint
 * });
 * ```
 */
export async function writeSentenceModel(
  folder: string,
  model: SentenceModel,
  options: SentenceModelFilesOptions = {},
): Promise<void> {
  for (const [name, bytes] of Object.entries(sentenceModelFiles(model, options))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
