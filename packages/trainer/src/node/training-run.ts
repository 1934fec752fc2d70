import { join } from "node:path";
import type { Sampler, SamplerCursor } from "@kindred/sampler";
import { SentenceEncoder } from "@kindred/sentence-encoder";
import { saveSentenceModel } from "@kindred/sentence-encoder/node";
import { type BatchShare, dealBatch } from "../deal-batch.ts";
import { baselines, type EvaluationTask, evaluateTasks } from "../evaluation-task.ts";
import { metricSummaries } from "../metric-summaries.ts";
import { modelCard } from "../model-card.ts";
import { neighbourExamples } from "../neighbour-examples.ts";
import type { SourceSummary, TrainEvent } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";
import { dropOldCheckpoints, writeCheckpoint } from "./checkpoint.ts";
import { progressMeter } from "../progress-meter.ts";
import { sentenceModel, type TrainableModel } from "./trainable-model.ts";
import { firstProfiledStep } from "./train-program.ts";
import type { TrainingMesh } from "./training-mesh.ts";

/** A run whose data, model and cores are ready. */
export type PreparedRun = {
  readonly config: TrainConfig;
  readonly model: TrainableModel;
  readonly mesh: TrainingMesh;
  readonly sampler: Sampler;
  readonly tasks: readonly EvaluationTask[];
  readonly summaries: readonly SourceSummary[];
  /** Steps already done, seconds they took, and what happened in them, for a run that is resumed. */
  readonly stepsDone: number;
  readonly secondsBefore: number;
  readonly earlier: readonly TrainEvent[];
};

type DrawnBatch = {
  readonly shares: readonly BatchShare[];
  readonly cursor: SamplerCursor;
  readonly pairs: number;
  readonly tokens: number;
};

/** The events of a run from its start (or where it was resumed) to its end, made by doing what they tell. */
export async function* trainingRun(
  run: PreparedRun,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainEvent, void> {
  const { config, model, mesh, sampler, tasks, stepsDone } = run;
  const lastStep = config.stopAt === 0 ? config.maxSteps : config.stopAt;
  const encoder = new SentenceEncoder(model.settings, model.tokenizer, mesh.embedder);
  const levels = baselines(tasks);
  const clock = stopwatch(run.secondsBefore);
  const happened = [...run.earlier];

  const evaluation = async (step: number): Promise<TrainEvent> => {
    const seconds = stopwatch(0);
    const metrics = await evaluateTasks(tasks, (texts) => encoder.encode(texts));
    const event: TrainEvent = { type: "evaluation", step, metrics, ...levels, seconds: seconds() };
    happened.push(event);
    return event;
  };
  const checkpoint = async (step: number, cursor: SamplerCursor): Promise<string> => {
    const state = { step, cursor, seconds: clock() };
    const path = await writeCheckpoint(config.output, {
      model: sentenceModel(model, mesh.weights),
      moments: mesh.moments,
      state,
    });
    await dropOldCheckpoints(config.output, config.saveTotalLimit);
    return path;
  };

  yield startEvent(run, lastStep);
  yield { type: "data", sources: run.summaries };
  if (stepsDone === 0 && tasks.length > 0) yield await evaluation(0);
  let cursor = sampler.cursor();
  let next = drawBatch(run);
  const progress = progressMeter(lastStep);
  let finalLoss = Number.NaN;
  for (let step = stepsDone; step < lastStep; step++) {
    if (signal?.aborted === true) {
      yield { type: "stopped", step, path: await checkpoint(step, cursor), reason: String(signal.reason) };
      return;
    }
    const batch = await next;
    if (step + 1 < lastStep) next = drawBatch(run); // while the cores work
    const started = performance.now();
    const result = await mesh.step(step, batch.shares);
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
  const profile = await mesh.profile();
  if (profile !== undefined) yield { type: "profile", steps: lastStep - stepsDone - firstProfiledStep + 1, ...profile };
  if (tasks.length > 0) yield await evaluation(lastStep);
  yield { type: "checkpoint", step: lastStep, path: await checkpoint(lastStep, cursor) };
  const metrics = metricSummaries(happened);
  const path = join(config.output, "model");
  await saveSentenceModel(path, sentenceModel(model, mesh.weights), { readme: modelCard(run, metrics), replace: true });
  const examples = await neighbourExamples(tasks, encoder);
  if (examples.length > 0) yield { type: "examples", examples };
  yield { type: "done", seconds: clock(), steps: lastStep, finalLoss, model: path, metrics };
}

function startEvent({ config, model, mesh, stepsDone }: PreparedRun, lastStep: number): TrainEvent {
  const parameters = Object.values(model.weights).reduce((sum, { values }) => sum + values.length, 0);
  const runtime = `Node ${process.versions.node}, ${mesh.engine}`;
  return {
    type: "start",
    output: config.output,
    config,
    cores: mesh.cores,
    parameters,
    firstStep: stepsDone,
    lastStep,
    runtime,
  };
}

/** The next global batch as tokens, dealt to the cores. Its promise may be left alone: a failure shows where it is awaited. */
function drawBatch({ model, mesh, sampler }: PreparedRun): Promise<DrawnBatch> {
  const draw = async (): Promise<DrawnBatch> => {
    const { rows } = (await sampler.next())!; // without a bound on epochs there is always a next batch
    const texts = rows.map((row) => row.texts);
    const tokens = texts[0]!.map((_, column) =>
      model.tokenizer.encodeBatch(
        texts.map((row) => row[column]!),
        { maxLength: model.settings.maxSeqLength },
      ),
    );
    const total = tokens.reduce((sum, { ids }) => sum + ids.length, 0);
    return {
      shares: dealBatch(texts, tokens, mesh.cores),
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
