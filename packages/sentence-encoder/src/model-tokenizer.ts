import { FormatError } from "@kindred/errors";
import { type NormalizerRules, Tokenizer, tokenizerFromJson, tokenizerFromVocab } from "@kindred/tokenizer";
import { jsonObjectFile, type ModelFiles, textFile } from "./model-files.ts";
import { modelModules } from "./model-modules.ts";
import { transformerOptions } from "./transformer-options.ts";

/**
 * The tokenizer of a model folder, from `tokenizer.json` or else `vocab.txt`.
 *
 * As in transformers, the class `MPNetTokenizer` takes from `tokenizer.json` the vocabulary and the special tokens
 * alone; letter case, accents and Chinese characters go by `tokenizer_config.json` and its defaults. A folder's own
 * `do_lower_case` comes on top, as in sentence-transformers.
 *
 * @throws FormatError if the folder has neither, or what it has is not a tokenizer of this kind.
 *
 * @example
 * ```ts
 * import { modelTokenizer } from "@kindred/sentence-encoder";
 *
 * const vocabulary = "<s>\n<pad>\n</s>\n<unk>\ncat\nsat\n[UNK]\n<mask>\n";
 * const tokenizer = modelTokenizer({ "vocab.txt": new TextEncoder().encode(vocabulary) });
 * tokenizer.encode("Cat sat").ids; // => [0, 4, 5, 2]
 * ```
 */
export function modelTokenizer(files: ModelFiles): Tokenizer {
  const { transformerFolder, poolingFile } = modelModules(files);
  const tokenizer = storedTokenizer(files, transformerFolder);
  const rules = configuredRules(files, transformerFolder) ?? tokenizer.definition.normalizer;
  const { doLowerCase } = transformerOptions(files, transformerFolder, { isBare: poolingFile === undefined });
  const wanted: NormalizerRules = { ...rules, lowercase: rules.lowercase || doLowerCase };
  const isAsStored = Object.entries(tokenizer.definition.normalizer).every(
    ([rule, value]) => wanted[rule as keyof NormalizerRules] === value,
  );
  return isAsStored ? tokenizer : new Tokenizer({ ...tokenizer.definition, normalizer: wanted });
}

function storedTokenizer(files: ModelFiles, folder: string): Tokenizer {
  const jsonPath = `${folder}tokenizer.json`;
  const json = textFile(files, jsonPath);
  if (json !== undefined) return tokenizerFromJson(json, { file: jsonPath });
  const vocabPath = `${folder}vocab.txt`;
  const vocab = textFile(files, vocabPath);
  if (vocab !== undefined) return tokenizerFromVocab(vocab, { file: vocabPath });
  throw new FormatError({ file: jsonPath }, "the file is missing, and so is vocab.txt. Expected one of them.");
}

/** What the class MPNetTokenizer makes of tokenizer_config.json; undefined where the file names another class. */
function configuredRules(files: ModelFiles, folder: string): NormalizerRules | undefined {
  const config = jsonObjectFile(files, `${folder}tokenizer_config.json`) ?? {};
  if (!/^MPNetTokenizer(Fast)?$/.test(String(config["tokenizer_class"] ?? "MPNetTokenizer"))) return undefined;
  const lowercase = config["do_lower_case"] !== false;
  const stripAccents = config["strip_accents"];
  return {
    cleanText: true,
    padChinese: config["tokenize_chinese_chars"] !== false,
    stripAccents: typeof stripAccents === "boolean" ? stripAccents : lowercase,
    lowercase,
  };
}
