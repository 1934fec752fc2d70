import { FormatError, type JsonField } from "@kindred/errors";
import { type NormalizerRules, Tokenizer, tokenizerFromJson, tokenizerFromVocab } from "@kindred/tokenizer";
import type { FileSource } from "./model-folder.ts";
import { readJson, type TransformerSettings } from "./read-settings.ts";

/** A tokenizer that is made when it is first asked for, and the limit of tokens that its files name. */
export type ReadTokenizer = {
  readonly tokenizer: () => Tokenizer;
  /** The file with the vocabulary, relative to the model's folder. */
  readonly path: string;
  readonly maxLength: number | undefined;
};

/**
 * The tokenizer of a transformer's folder, from `tokenizer.json` or else `vocab.txt`.
 *
 * As in transformers, the class `MPNetTokenizer` takes from `tokenizer.json` the vocabulary and the special tokens
 * alone; letter case, accents and Chinese characters go by `tokenizer_config.json` and its defaults. A folder's own
 * `do_lower_case` comes on top, as in sentence-transformers.
 *
 * @param folder the transformer's, "" or ending in "/"
 * @throws FormatError if the folder has neither, or what it has is not a tokenizer of this kind
 */
export async function readTokenizer(
  source: FileSource,
  folder: string,
  { doLowerCase, tokenizerArguments }: TransformerSettings,
): Promise<ReadTokenizer> {
  const json = await source.read(`${folder}tokenizer.json`);
  const vocab = json === undefined ? await source.read(`${folder}vocab.txt`) : undefined;
  const path = `${folder}${json === undefined ? "vocab.txt" : "tokenizer.json"}`;
  const file = source.nameOf(path);
  const config = new Map([
    ...((await readJson(source, `${folder}tokenizer_config.json`))?.entries() ?? []),
    ...tokenizerArguments,
  ]);
  const limit = config.get("model_max_length");
  let made: Tokenizer | undefined;
  const make = () => {
    const stored =
      json !== undefined
        ? tokenizerFromJson(decoded(json, file), { file })
        : vocab !== undefined
          ? tokenizerFromVocab(decoded(vocab, file), { file })
          : undefined;
    if (stored === undefined)
      throw new FormatError(
        { file: source.nameOf(`${folder}tokenizer.json`) },
        "the file is missing, and so is vocab.txt. Expected one of them.",
      );
    const rules = configuredRules(config) ?? stored.definition.normalizer;
    const wanted: NormalizerRules = { ...rules, lowercase: rules.lowercase || doLowerCase };
    return new Tokenizer({ ...stored.definition, normalizer: wanted });
  };
  return {
    tokenizer: () => (made ??= make()),
    path,
    maxLength: limit === undefined || limit.isNull ? undefined : limit.number(2),
  };
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError({ file }, "not valid UTF-8. Is the file complete?", {}, { cause });
  }
}

/** What the class MPNetTokenizer makes of tokenizer_config.json; undefined where the file names another class. */
function configuredRules(config: ReadonlyMap<string, JsonField>): NormalizerRules | undefined {
  if (!/^MPNetTokenizer(Fast)?$/.test(String(config.get("tokenizer_class")?.value ?? "MPNetTokenizer")))
    return undefined;
  const lowercase = config.get("do_lower_case")?.value !== false;
  const stripAccents = config.get("strip_accents")?.value;
  return {
    cleanText: true,
    padChinese: config.get("tokenize_chinese_chars")?.value !== false,
    stripAccents: typeof stripAccents === "boolean" ? stripAccents : lowercase,
    lowercase,
  };
}
