import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import type { Tokenizer } from "../tokenizer.ts";
import { tokenizerFromJson } from "../tokenizer-from-json.ts";
import { tokenizerFromVocab, type VocabOptions } from "../tokenizer-from-vocab.ts";

/**
 * The tokenizer of a file or a model folder. A file whose name ends in `.txt` is a vocab.txt, any other a tokenizer.json. In a
 * folder, tokenizer.json is taken if it is there; else vocab.txt, with `do_lower_case`, `strip_accents` and
 * `tokenize_chinese_chars` from tokenizer_config.json beside it.
 *
 * The length limits in those files are not used: a model's limit stands in its sentence_bert_config.json.
 *
 * @throws FormatError if neither file is there, or if one breaks its format
 * @example
 * ```ts ignore
 * import { loadTokenizer } from "@kindred/tokenizer/node";
 *
 * const tokenizer = await loadTokenizer("all-mpnet-base-v2");
 * tokenizer.encode("Replace me by any text you'd like.").ids;
 * ```
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  if (!(await isFolder(path))) {
    const text = await read(path);
    if (text === undefined) throw new FormatError({ file: path }, "loadTokenizer: no such file or folder.");
    return path.endsWith(".txt") ? tokenizerFromVocab(text, { file: path }) : tokenizerFromJson(text, { file: path });
  }
  const jsonPath = join(path, "tokenizer.json");
  const json = await read(jsonPath);
  if (json !== undefined) return tokenizerFromJson(json, { file: jsonPath });
  const vocabPath = join(path, "vocab.txt");
  const vocab = await read(vocabPath);
  if (vocab !== undefined) return tokenizerFromVocab(vocab, { file: vocabPath, ...(await readConfig(path)) });
  throw new FormatError({ file: path }, "loadTokenizer: no tokenizer here. Expected tokenizer.json or vocab.txt.");
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** The text of a file; undefined if there is none. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readConfig(folder: string): Promise<VocabOptions> {
  const file = join(folder, "tokenizer_config.json");
  const text = await read(file);
  if (text === undefined) return {};
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new FormatError({ file }, `loadTokenizer: not JSON. Got ${reason}`, {}, { cause });
  }
  const setting = (key: string) => {
    const value =
      typeof config === "object" && config !== null && Object.hasOwn(config, key) ? Reflect.get(config, key) : null;
    if (value === null || typeof value === "boolean") return value ?? undefined;
    throw new FormatError({ file }, `loadTokenizer: ${key} is not true or false. Got ${JSON.stringify(value)}.`, {
      key,
    });
  };
  return {
    lowercase: setting("do_lower_case"),
    stripAccents: setting("strip_accents"),
    padChinese: setting("tokenize_chinese_chars"),
  };
}
