import type { Columns, TextRow } from "@kindred/datasets";
import { DataError } from "@kindred/errors";
import { fitRows, type Loss } from "@kindred/loss";
import { type RowOrder, rowHash, type Source, sourceShares } from "@kindred/sampler";
import { expectLabels, labelWarnings } from "./rows-by-label.ts";
import type { EvaluationTask } from "./evaluators/evaluation-task.ts";
import type { RowSet, RunData, SeenRows, SetPass, TrainingSet } from "./run-data.ts";
import { holdOut, sizeWarnings, tasksOf } from "./hold-out.ts";
import {
  type Overlap,
  overlapsOf,
  warningsOfColumns,
  warningsOfEvaluation,
  warningsOfOverlaps,
  warningsOfSummary,
} from "./data-checks.ts";
import { summaryOf } from "./source-summary.ts";
import type { RowsLeftOut, SourceSummary } from "./data-events.ts";
import type { TrainConfig } from "./train-options.ts";
import { knownLosses, lossOf } from "./train-program.ts";
import type { TrainableModel } from "./trainable-model.ts";

/** What a run trains on and is judged by. */
export type TrainingData = {
  readonly sources: readonly Source<TextRow>[];
  readonly summaries: readonly SourceSummary[];
  readonly tasks: readonly EvaluationTask[];
  /** What is trained on compared with each set that is only evaluated on. */
  readonly overlaps: readonly Overlap[];
  /** What looks wrong, in a sentence each. */
  readonly warnings: readonly string[];
  /** What became of the rows that the sources do not give, by source, as far as they were read. */
  leftOut(): readonly RowsLeftOut[];
  /** How far each source's set was read: a run that goes on is told it again. */
  seen(): readonly SeenRows[];
};

/**
 * Reads (or, above `maxRowsInMemory`, begins to stream) every data set of a run, holds rows out of all, and describes what is there.
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
  { training, evaluation = [], loss = lossOf(config), seen, signal }: RunData,
): Promise<TrainingData> {
  const drawn = training.filter(({ weight }) => weight !== 0);
  const read: ReadSet[] = [];
  for (const set of drawn) read.push(await readTrainingSet(set, { config, loss, signal }));
  const split = holdOut(read, config);
  const sources = read.map((set, i) =>
    openSource(set, split.rows[i] ?? [], {
      trains: (row) => split.trains(row, i),
      before: seen?.[i],
      ...(isStreamed(set.set.dataset.name, config) && { order: "file" }),
    }),
  );
  const { mixing, mixingTemperature: temperature } = config;
  const shares = sourceShares({ sources: sources.map(({ source }) => source), mixing, temperature });
  const toJudge = [];
  for (const { dataset: set, evaluators } of evaluation) {
    const { columns, ...readOf } = await readRows(set, signal, config.maxEvalRows);
    toJudge.push({ name: set.name, ...readOf, columns: columns?.texts, evaluators });
  }
  const heldOut = read.map(({ set: { dataset }, columns }, i) => ({
    name: dataset.name,
    rows: split.rows[i] ?? [],
    columns: columns?.texts,
    evaluators: config.holdOutEvaluators,
  }));
  const tasks = tasksOf([...heldOut.filter(({ rows }) => rows.length > 0), ...toJudge]);
  const overlaps = await overlapsOf(sources, toJudge, { signal });
  const summaries = sources.map((source, i) => summaryOf(source, shares[i] ?? 0, { config, loss, ...model }));
  return {
    sources: sources.map(({ source }) => source),
    summaries,
    tasks,
    overlaps,
    warnings: [
      ...read.flatMap(({ set: { dataset, label = dataset.name }, rows, columns }) =>
        warningsOfColumns({ file: label, rows, columns, isChosen: config.columns !== "" }),
      ),
      ...(loss.needs?.labels === true ? labelWarnings(config, loss, sources) : []),
      ...(config.gradientAccumulationSteps > 1 ? [noNegatives(config)] : []),
      ...summaries.flatMap(warningsOfSummary),
      ...toJudge.flatMap(warningsOfEvaluation),
      ...warningsOfOverlaps(overlaps),
      ...sizeWarnings(tasks),
    ],
    leftOut: () => sources.map(({ leftOut }) => leftOut()),
    seen: () => sources.map((source) => source.seen()),
  };
}

/** A training set with its rows in memory, or the first of them. */
type ReadSet = {
  readonly set: TrainingSet;
  readonly rows: readonly TextRow[];
  /** Whether that is all. */
  readonly complete: boolean;
  /** Lines among them that are none. */
  readonly lines: Pick<Required<SetPass>, "badLines" | "blankLines">;
  readonly columns: Columns | undefined;
  readonly heldOut: readonly TextRow[] | undefined;
  /** A hash of these rows, the held-out ones among them. */
  readonly fingerprint: string;
};

/** Of a file that is streamed however long it is, so many rows are looked at before the first step. */
const firstOfStream = 10_000;

/** Whether a file comes in its own order in every pass, as the original system had those of Reddit, which it knew by their paths. */
function isStreamed(file: string, { rowOrder }: TrainConfig): boolean {
  return rowOrder === "original" && file.includes("reddit_");
}

async function readTrainingSet(
  set: TrainingSet,
  { config, loss, signal }: { config: TrainConfig; loss: Loss; signal: AbortSignal | undefined },
): Promise<ReadSet> {
  const { name: file } = set.dataset;
  const bound = isStreamed(file, config) ? Math.min(firstOfStream, config.maxRowsInMemory) : config.maxRowsInMemory;
  const read = await readRows(set.dataset, signal, bound);
  const { rows } = read;
  const [first] = rows;
  if (first === undefined) throw new DataError({ file }, "no rows. Expected pairs of texts.");
  fitAll(loss, rows, file);
  if (config.groupByLabel) expectLabels(rows, { file, complete: read.complete });
  const heldOut = set.heldOut && (await readRows(set.heldOut, signal)).rows;
  const hash = rowHash(contentOf);
  for (const row of heldOut === undefined ? rows : [...rows, ...heldOut]) hash.add(row);
  return { set, ...read, heldOut, fingerprint: hash.value() };
}

/** Refuses rows that the loss does not take. What the first declares holds for all their texts, but not for the values of scores and labels. */
function fitAll(loss: Loss, rows: readonly TextRow[], file: string): void {
  const { scores, labels } = loss.needs ?? {};
  for (const [i, row] of (scores === undefined && labels === undefined ? rows.slice(0, 1) : rows).entries()) {
    const { line } = row.place;
    fitRows(loss, row, { file, known: knownLosses, rows, ...(i > 0 && line !== undefined && { line }) });
  }
}

/** The rows of a set, up to a bound, whether that was all, and what else is known of them. */
async function readRows(set: RowSet, signal: AbortSignal | undefined, bound = Number.POSITIVE_INFINITY) {
  const rows: TextRow[] = [];
  const pass = set.rows();
  const facts = (complete: boolean) => ({ rows, complete, lines: lineCounts(pass), columns: pass.columns });
  for await (const row of pass) {
    signal?.throwIfAborted();
    if (rows.length === bound) return facts(false);
    rows.push(row);
  }
  return facts(true);
}

function lineCounts({ badLines = 0, blankLines = 0 }: SetPass): ReadSet["lines"] {
  return { badLines, blankLines };
}

/** How a set is opened. */
type OpenOptions = {
  readonly trains: (row: TextRow) => boolean;
  /** How far an earlier part of the run had read it. */
  readonly before: SeenRows | undefined;
  readonly order?: RowOrder;
};

/** What of a set is trained on, and how many rows of it are not. */
function openSource(
  { set, rows, complete, lines, fingerprint, columns: names, heldOut: ownHeldOut }: ReadSet,
  heldOut: readonly TextRow[],
  { trains, before, order }: OpenOptions,
) {
  const { dataset, weight = 1, label = dataset.name } = set;
  const training = rows.filter(trains);
  const [first] = training;
  if (first === undefined)
    throw new DataError(
      { file: dataset.name },
      "every row is held out, or repeats one that is. Lower holdOut (--hold-out), or give more rows.",
    );
  // Of a stream as far as it was read: passes that are open together, or begin again, count what they go beyond it.
  const atHand = { ...lines, read: rows.length, refused: rows.length - training.length };
  let seen: SeenRows = before !== undefined && before.read > atHand.read ? before : atHand;
  async function* stream(skip: number): AsyncGenerator<TextRow> {
    const pass = dataset.rows();
    let [read, refused] = [0, 0];
    const tell = () => {
      if (read >= seen.read) seen = { ...lineCounts(pass), read, refused };
    };
    for await (const row of pass) {
      read++;
      const isTrained = trains(row);
      if (!isTrained) refused++;
      tell();
      if (isTrained && read - refused > skip) yield row;
    }
    tell();
  }
  const columns = first.texts.length;
  const shared = { name: label, weight, columns, content: contentOf, fingerprint, ...(order && { order }) };
  const source: Source<TextRow> = complete
    ? { ...shared, length: training.length, row: (index) => training[index]! } // asked for 0 ≤ index < length
    : { ...shared, open: stream, ...(set.lines !== undefined && { lines: set.lines }) };
  const leftOut = (): RowsLeftOut => {
    // A file's own held-out rows are among those that are refused; the rows of a separate part are not.
    const repeatsHeldOut = seen.refused - (ownHeldOut === undefined ? heldOut.length : 0);
    const { badLines, blankLines } = seen;
    return Object.fromEntries(
      Object.entries({ badLines, blankLines, repeatsHeldOut }).filter(([, count]) => count > 0),
    );
  };
  return { source, training, complete, heldOutRows: heldOut.length, names, leftOut, seen: () => seen };
}

function noNegatives({ gradientAccumulationSteps: batches, batchSize }: TrainConfig): string {
  return `gradientAccumulationSteps ${batches} adds no negatives: a loss over the batch sees ${batchSize} rows at a time. A larger batchSize (--batch-size ${batches * batchSize}) does, and takes no more memory, which --max-batch-tokens bounds.`;
}

/** All of a row but its place, for a resume to compare. */
function contentOf({ texts, scores, label, group }: TextRow): string {
  return JSON.stringify([texts, scores, label, group]);
}
