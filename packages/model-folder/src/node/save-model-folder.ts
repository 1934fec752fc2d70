import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFolderAtomic } from "@kindred/files/node";
import type { ModelFolder } from "../model-folder.ts";
import { modelFolderFiles, type ModelFolderFilesOptions } from "../model-folder-files.ts";

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
  await writeFolderAtomic(folder, (temporary) => writeModelFolder(temporary, model, options), { replace });
}

/**
 * Writes a model's files into a folder that exists, for callers that make a larger folder whole.
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
): Promise<void> {
  for (const [name, bytes] of Object.entries(await modelFolderFiles(model, options))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
