import { ConfigError } from "@kindred/errors";
import type { Loss } from "@kindred/loss";
import { SentenceEncoder } from "@kindred/sentence-encoder";
import type { RunSaves, TrainerState } from "./checkpoint.ts";
import { type BatchShare, dealBatch } from "./deal-batch.ts";
import { baselines, evaluateTasks, metricSummaries, neighbourExamples } from "./evaluation-task.ts";
import { progressMeter } from "./progress-meter.ts";
import type { TrainEvent } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import { modelToSave, type TrainableModel } from "./trainable-model.ts";
import { firstProfiledStep, type TrainingCores } from "./training-cores.ts";
import type { BatchSampler, TrainingData } from "./training-data.ts";

/** What a run is made of, ready: {@link trainingRun} starts and closes none of it. */
export type RunParts = {
  readonly model: TrainableModel;
  readonly data: TrainingData;
  readonly sampler: BatchSampler;
  readonly cores: TrainingCores;
  readonly saves: RunSaves;
  /** What the cores make small, for the `start` event. */
  readonly loss: Pick<Loss, "name" | "options" | "needs">;
  /** Where a run that is resumed stands. Default: at its beginning. */
  readonly state?: TrainerState;
  /** The events of a run that is resumed. Default: none. */
  readonly earlier?: readonly TrainEvent[];
  /** Ends the run after the step that is going on, with a checkpoint. Default: never. */
  readonly signal?: AbortSignal;
  /** What JavaScript runs on, for the `start` event. Default: `"a browser"`. */
  readonly runtime?: string;
};

type DrawnBatch = {
  readonly shares: readonly BatchShare[];
  readonly cursor: unknown;
  readonly pairs: number;
  readonly tokens: number;
};

/**
 * The events of a run from its start (or where it was resumed) to its end, made by doing what they tell.
 *
 * The next batch is drawn while the cores work on one. Leaving the loop early loses the steps since the last checkpoint; an abort of
 * `signal` keeps them.
 *
 * @throws DivergenceError if the numbers run away; what sampler, cores and saves throw.
 *
 * @example
 * ```ts ignore
 * import { type RunParts, trainConfig, trainingRun } from "@kindred/trainer";
 *
 * declare const parts: RunParts;
 * for await (const event of trainingRun(trainConfig({ maxSteps: 10 }), parts)) if (event.type === "step") console.log(event.loss);
 * ```
 */
export async function* trainingRun(config: TrainConfig, parts: RunParts): AsyncGenerator<TrainEvent, void> {
  const { model, data, cores, sampler, saves, state, signal } = parts;
  const { tasks } = data;
  const stepsDone = state?.step ?? 0;
  const lastStep = config.stopAt === 0 ? config.maxSteps : config.stopAt;
  const encoder = new SentenceEncoder(model, cores.embedder);
  const levels = baselines(tasks);
  const clock = stopwatch(state?.seconds ?? 0);
  const happened = [...(parts.earlier ?? [])];

  const evaluation = async (step: number): Promise<TrainEvent> => {
    const seconds = stopwatch(0);
    const metrics = await evaluateTasks(tasks, (texts) => encoder.encode(texts));
    const event: TrainEvent = { type: "evaluation", step, metrics, ...levels, seconds: seconds() };
    happened.push(event);
    return event;
  };
  const checkpoint = (step: number, cursor: unknown): Promise<string> =>
    saves.saveCheckpoint({
      model: modelToSave(model, cores.weights),
      moments: cores.moments,
      state: { step, cursor, seconds: clock() },
    });

  yield startEvent(config, parts, { firstStep: stepsDone, lastStep });
  yield { type: "data", sources: data.summaries };
  if (stepsDone === 0 && tasks.length > 0) yield await evaluation(0);
  let cursor = sampler.cursor();
  let next = drawBatch(parts);
  const progress = progressMeter(lastStep);
  let finalLoss = Number.NaN;
  for (let step = stepsDone; step < lastStep; step++) {
    if (signal?.aborted === true) {
      yield { type: "stopped", step, path: await checkpoint(step, cursor), reason: String(signal.reason) };
      return;
    }
    const batch = await next;
    if (step + 1 < lastStep) next = drawBatch(parts); // while the cores work
    const started = performance.now();
    const result = await cores.step(step, batch.shares);
    cursor = batch.cursor;
    progress.add({
      loss: result.loss,
      pairs: batch.pairs,
      tokens: batch.tokens,
      seconds: (performance.now() - started) / 1000,
    });
    const done = step + 1;
    if (done % config.loggingSteps === 0 || done === lastStep) {
      const event = progress.take(done, result);
      finalLoss = event.loss;
      yield event;
    }
    if (done === lastStep) break;
    const [evaluate, save] = [config.evalSteps, config.saveSteps].map((every) => every > 0 && done % every === 0);
    if (evaluate && tasks.length > 0) yield await evaluation(done);
    if (save) yield { type: "checkpoint", step: done, path: await checkpoint(done, cursor) };
  }
  const profile = await cores.profile();
  if (profile !== undefined) yield { type: "profile", steps: lastStep - stepsDone - firstProfiledStep + 1, ...profile };
  if (tasks.length > 0) yield await evaluation(lastStep);
  yield { type: "checkpoint", step: lastStep, path: await checkpoint(lastStep, cursor) };
  const metrics = metricSummaries(happened);
  const path = await saves.saveModel(modelToSave(model, cores.weights));
  const examples = await neighbourExamples(tasks, encoder);
  if (examples.length > 0) yield { type: "examples", examples };
  yield { type: "done", seconds: clock(), steps: lastStep, finalLoss, model: path, metrics };
}

function startEvent(
  config: TrainConfig,
  { model, cores, loss: { name, options }, runtime = "a browser" }: RunParts,
  steps: { readonly firstStep: number; readonly lastStep: number },
): TrainEvent {
  const parameters = Object.values(model.weights).reduce((sum, { values }) => sum + values.length, 0);
  const counts = { cores: cores.cores, parameters, ...steps };
  const loss = { name, options };
  return { type: "start", output: config.output, config, loss, ...counts, runtime: `${runtime}, ${cores.engine}` };
}

/** The next global batch as tokens, dealt to the cores. Its promise may be left alone: a failure shows where it is awaited. */
function drawBatch({ model, cores, sampler, loss }: RunParts): Promise<DrawnBatch> {
  const draw = async (): Promise<DrawnBatch> => {
    const batch = await sampler.next();
    if (batch === undefined || batch.rows.length < cores.cores)
      throw new ConfigError(
        `train: the sampler gave too little for a step. Got ${batch === undefined ? "no batch" : `${batch.rows.length} rows`}, expected batches without end of at least a row for each of ${cores.cores} cores.`,
      );
    const rows = batch.rows.map(({ row }) => row);
    const texts = rows.map((row) => row.texts);
    const [first = []] = texts;
    const other = texts.find(({ length }) => length !== first.length);
    if (other !== undefined)
      throw new ConfigError(
        `train: the rows of a batch differ. Got ${other.length} texts in one and ${first.length} in another, expected as many in each.`,
      );
    const { maxSeqLength: maxLength } = model.settings;
    const columns = first.map((_, column) => texts.map((row) => row[column]!)); // rows are equally long
    const tokens = columns.map((column) => model.tokenizer.encodeBatch(column, { maxLength }));
    const total = tokens.reduce((sum, { ids }) => sum + ids.length, 0);
    return {
      shares: dealBatch(rows, tokens, { cores: cores.cores, loss }),
      cursor: sampler.cursor(),
      pairs: rows.length,
      tokens: total,
    };
  };
  const batch = draw();
  batch.catch(() => {});
  return batch;
}

/** Gives the seconds since it was made, after `before` seconds. */
function stopwatch(before: number): () => number {
  const started = performance.now();
  return () => before + (performance.now() - started) / 1000;
}
