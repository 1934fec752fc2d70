import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, JsonField } from "@kindred/errors";
import type { Tokenizer } from "../tokenizer.ts";
import { tokenizerFromFiles } from "../tokenizer-from-files.ts";
import { tokenizerFileNames } from "../tokenizer-settings.ts";
import { tokenizerFromJson } from "../tokenizer-from-json.ts";

/**
 * The tokenizer of a file, or of the folder of a transformers model as `AutoTokenizer` reads it (`tokenizerFromFiles`). A file whose
 * name ends in `.txt` is a vocab.txt, any other a tokenizer.json.
 *
 * The length limits in those files are not used, and neither is what sentence-transformers says of the model: the tokenizer of one of
 * its folders, its lower-casing included, is that of `openModelFolder` of `@kindred/model-folder/node`.
 *
 * @throws FormatError if there is no tokenizer, or if a file breaks its format
 * @example
 * ```ts ignore
 * import { loadTokenizer } from "@kindred/tokenizer/node";
 *
 * const tokenizer = await loadTokenizer("all-mpnet-base-v2");
 * tokenizer.encode("Replace me by any text you'd like.").ids;
 * ```
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const isFolder = await stat(path).then(
    (state) => state.isDirectory(),
    () => false,
  );
  if (isFolder) return folderTokenizer(path);
  const bytes = await read(path);
  if (bytes === undefined) throw new FormatError({ file: path }, "no such file or folder. Expected a tokenizer's.");
  if (!path.endsWith(".txt")) return tokenizerFromJson(bytes, { file: path });
  return tokenizerFromFiles({ "vocab.txt": bytes }, { nameOf: () => path });
}

async function folderTokenizer(folder: string): Promise<Tokenizer> {
  const nameOf = (name: string) => join(folder, name);
  const files = await Promise.all(tokenizerFileNames.map(async (name) => [name, await read(nameOf(name))] as const));
  const config = await read(nameOf("config.json"));
  return tokenizerFromFiles(Object.fromEntries(files.filter(([, bytes]) => bytes !== undefined)), {
    nameOf,
    config: config === undefined ? undefined : JsonField.parse(config, nameOf("config.json")),
  });
}

/** The bytes of a file; undefined if there is none. */
async function read(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
}
