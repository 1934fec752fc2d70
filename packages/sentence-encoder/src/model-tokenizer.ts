import { FormatError } from "@kindred/errors";
import { type Tokenizer, tokenizerFromJson, tokenizerFromVocab } from "@kindred/tokenizer";
import { type ModelFiles, textFile } from "./model-files.ts";
import { modelModules } from "./model-modules.ts";

/**
 * The tokenizer of a model folder, from `tokenizer.json` or else `vocab.txt`.
 *
 * @throws FormatError if the folder has neither, or what it has is not a tokenizer of this kind.
 */
export function modelTokenizer(files: ModelFiles): Tokenizer {
  const { transformerFolder } = modelModules(files);
  const jsonPath = `${transformerFolder}tokenizer.json`;
  const json = textFile(files, jsonPath);
  if (json !== undefined) return tokenizerFromJson(json, { file: jsonPath });
  const vocabPath = `${transformerFolder}vocab.txt`;
  const vocab = textFile(files, vocabPath);
  if (vocab !== undefined) return tokenizerFromVocab(vocab, { file: vocabPath });
  throw new FormatError({ file: jsonPath }, "the file is missing, and so is vocab.txt. Expected one of them.");
}
