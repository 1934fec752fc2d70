import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFolderAtomic } from "@kindred/tensor-files/node";
import { type SentenceModel, sentenceModelFiles } from "../sentence-model-files.ts";

/**
 * Writes a model as a sentence-transformers folder. The folder is whole or absent, whenever the process ends.
 *
 * `replace` allows it to take the place of an existing folder; `readme` is the text of its model card.
 *
 * @throws ConfigError if the folder exists and `replace` is not set.
 */
export async function saveSentenceModel(
  folder: string,
  model: SentenceModel,
  { readme = "", replace = false } = {},
): Promise<void> {
  await writeFolderAtomic(folder, (temporary) => writeSentenceModel(temporary, model, { readme }), { replace });
}

/** Writes a model's files into a folder that exists, for callers that make a larger folder whole. */
export async function writeSentenceModel(folder: string, model: SentenceModel, { readme = "" } = {}): Promise<void> {
  for (const [name, bytes] of Object.entries(sentenceModelFiles(model, { readme }))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}
