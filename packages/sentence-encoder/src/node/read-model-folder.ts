import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { FormatError } from "@kindred/errors";
import type { ModelFiles } from "../model-files.ts";

/** The largest settings or vocabulary file that is read: MPNet's tokenizer.json has half a MiB. */
const largestFileBytes = 64 * 2 ** 20;

/**
 * The settings and vocabulary files (`.json`, `.txt`) of a model folder and of its direct subfolders. Weights are not read.
 *
 * @throws FormatError if the folder does not exist or a file in it is larger than 64 MiB.
 *
 * @example
 * ```ts ignore
 * import { modelSettings, modelTokenizer } from "@kindred/sentence-encoder";
 * import { readModelFolder } from "@kindred/sentence-encoder/node";
 *
 * const files = await readModelFolder("runs/my-run/model");
 * const { maxSeqLength } = modelSettings(files);
 * modelTokenizer(files).encode("A cat sat.", { maxLength: maxSeqLength }).ids;
 * ```
 */
export async function readModelFolder(folder: string): Promise<ModelFiles> {
  const files: { [path: string]: Uint8Array } = {};
  for (const path of await settingsFiles(folder)) {
    const { size } = await stat(path);
    const name = relative(folder, path).split(sep).join("/");
    if (size > largestFileBytes) {
      throw new FormatError(
        { file: path },
        `the file is too large for a model's settings. Got ${size} bytes, expected at most ${largestFileBytes}.`,
      );
    }
    files[name] = new Uint8Array(await readFile(path));
  }
  return files;
}

async function settingsFiles(folder: string, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === "ENOENT" ? "no such folder" : cause.code === "ENOTDIR" ? "not a folder" : cause.message;
    throw new FormatError(
      { file: folder },
      `${what}. Expected a folder of a sentence-transformers model.`,
      {},
      { cause },
    );
  });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth === 0 && !entry.name.startsWith(".")) found.push(...(await settingsFiles(path, 1)));
    } else if (entry.name.endsWith(".json") || entry.name.endsWith(".txt")) found.push(path);
  }
  return found;
}
