import type { JsonField } from "@kindred/errors";
import { type Tokenizer, tokenizerFileNames, type TokenizerFiles, tokenizerFromFiles } from "@kindred/tokenizer";
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
 * The tokenizer of a transformer's folder, as transformers reads it, and with sentence-transformers' `do_lower_case` on top.
 *
 * @param folder the transformer's, "" or ending in "/"
 * @throws FormatError naming file and key; about the tokenizer itself when it is asked for
 */
export async function readTokenizer(
  source: FileSource,
  folder: string,
  { doLowerCase, tokenizerArguments, config }: TransformerSettings,
): Promise<ReadTokenizer> {
  const files: { -readonly [name in keyof TokenizerFiles]: Uint8Array } = {};
  for (const name of tokenizerFileNames) {
    if (name === "vocab.txt" && files["tokenizer.json"] !== undefined) continue; // which is complete without it
    const bytes = await source.read(folder + name);
    if (bytes !== undefined) files[name] = bytes;
  }
  const own = await readJson(source, `${folder}tokenizer_config.json`);
  const limit = ["model_max_length", "max_len"]
    .flatMap((key): (JsonField | undefined)[] => [tokenizerArguments.get(key), own?.field(key)])
    .find((field) => field?.isNull === false);
  let made: Tokenizer | undefined;
  return {
    tokenizer: () =>
      (made ??= tokenizerFromFiles(files, {
        nameOf: (name) => source.nameOf(folder + name),
        config,
        overrides: tokenizerArguments,
        lowercase: doLowerCase,
      })),
    path: `${folder}${files["tokenizer.json"] === undefined ? "vocab.txt" : "tokenizer.json"}`,
    maxLength: limit?.number(2),
  };
}
