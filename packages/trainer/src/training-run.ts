import { ConfigError } from "@kindred/errors";
import { isKnownLoss, type Loss } from "@kindred/loss";
import { sentenceDimension } from "@kindred/pooling";
import { modelWeights } from "@kindred/sentence-encoder";
import { toFloat32 } from "@kindred/tensor-files";
import type { SourceCounts } from "@kindred/sampler";
import { firstProfiledStep } from "@kindred/tpu-sharding";
import type { RunSaves, TrainerState } from "./checkpoint.ts";
import { type BatchParts, drawBatch, type DrawnBatch } from "./deal-batch.ts";
import { diverge } from "./diverge.ts";
import { followedMetric, metricSummaries } from "./evaluators/best-model.ts";
import { taskSize } from "./evaluators/evaluation-task.ts";
import { runJudge } from "./evaluators/run-judge.ts";
import { memoryEstimate } from "./memory-estimate.ts";
import type { CompiledProgram, TrainEvent } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import { lossOf, type TrainParts } from "./train-program.ts";
import { columnLengths, columnPrompts, modelToSave, parameterCount, type TrainableModel } from "./trainable-model.ts";
import { trainedSpecs, trainingOptimizer } from "./training-core.ts";
import type { TrainingData } from "./training-data.ts";
import { jobsOf, progressMeter, runState, trainedCount, type TrainingRunner } from "./training-steps.ts";

/** What a run is made of, ready: {@link trainingRun} starts and closes none of it. */
export type RunParts = Omit<BatchParts, "loss" | "maxBatchTokens" | "columnLengths" | "columnPrompts"> & {
  readonly model: TrainableModel;
  readonly data: TrainingData;
  readonly runner: TrainingRunner;
  readonly saves: RunSaves;
  /** What the run's program gives: the same as its runner was told. Default: nothing. */
  readonly program?: TrainParts;
  /** Where a run that is resumed stands. Default: at its beginning. */
  readonly state?: TrainerState;
  /** The events of a run that is resumed. Default: none. */
  readonly earlier?: readonly TrainEvent[];
  /** Ends the run after the step that is going on, with a checkpoint. Default: never. */
  readonly signal?: AbortSignal;
  /** The programs that the runner's engine has made ready since it was last asked, for `compile` events. Default: none, ever. */
  readonly compiled?: () => readonly CompiledProgram[];
  /** What the teacher reaches, by the metrics' names, to stand beside what its student does. Default: nothing. */
  readonly teacher?: { readonly [name: string]: number } | undefined;
  /** What JavaScript runs on, for the `start` event. Default: `"a browser"`. */
  readonly runtime?: string;
};

/**
 * The events of a run from its start (or where it was resumed) to its end, made by doing what they tell.
 *
 * The next batch is drawn while the cores work on one. Leaving the loop early loses the steps since the last checkpoint; an abort of
 * `signal` keeps them.
 *
 * @throws ConfigError for a metric to follow that there is not, DivergenceError if the numbers run away, after the batch at which they do was kept and the event `diverged` told of it; what
 * sampler, runner and saves throw.
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
  const { data, runner, sampler, saves, state, signal } = parts;
  const { tasks } = data;
  const stepsDone = state?.step ?? 0;
  const lastStep = config.stopAt === 0 ? config.maxSteps : config.stopAt;
  const loss = lossOf(config, parts.program, { dimension: sentenceDimension(parts.model.modules) });
  const model = trainedFor(parts.model, loss);
  const specs = trainedSpecs(model, loss);
  const optimizer = trainingOptimizer(config, parts.program, specs);
  const trained = trainedCount(specs, optimizer);
  const clock = stopwatch(state?.seconds ?? 0);
  const earlier = parts.earlier ?? [];
  const evaluations = earlier.filter((event) => event.type === "evaluation");
  const followed = followedMetric(config, tasks);
  if (config.loadBestModelAtEnd && saves.openCheckpoint === undefined)
    throw new ConfigError(
      "trainingRun: loadBestModelAtEnd needs checkpoints that are given back. Got saves without openCheckpoint. Leave loadBestModelAtEnd out, or give saves that have it.",
      { key: "loadBestModelAtEnd" },
    );
  const judge = tasks.length === 0 ? undefined : runJudge(config, parts, { followed, evaluations });
  const standing = () => judge?.standing() ?? { best: undefined, waited: 0 };

  const compiles = (step: number): TrainEvent[] =>
    (parts.compiled?.() ?? []).map((program) => ({ type: "compile", step, ...program }));
  const evaluation = async (step: number): Promise<TrainEvent[]> => {
    const events = (await judge?.evaluate(step)) ?? [];
    return events.length === 0 ? [] : [...compiles(step), ...events];
  };
  let [cursor, counts] = [sampler.cursor(), sampler.counts];
  let saved: { readonly step: number; readonly path: string } | undefined;
  const checkpoint = async (step: number): Promise<string> => {
    if (saved?.step === step) return saved.path;
    const kept = { model: modelToSave(model, await weightsOf(parts), step), others: runState(runner, loss) };
    const place = { step, cursor, seconds: clock(), seen: data.seen() };
    const path = await saves.saveCheckpoint({ ...kept, state: place, best: standing().best?.step });
    saved = { step, path };
    return path;
  };
  /** The end before the end: everything that was done is kept. */
  async function* stop(step: number, reason: unknown): AsyncGenerator<TrainEvent, void> {
    if (counts !== undefined) yield rowsEvent(step, data, counts);
    const text = reason instanceof Error ? reason.message : String(reason);
    yield { type: "stopped", step, path: await checkpoint(step), reason: text };
  }

  yield startEvent(config, parts, {
    loss: { ...described(loss), ...(parts.program?.loss !== undefined && !isKnownLoss(loss) && { isOwn: true }) },
    optimizer: described(optimizer),
    trained,
    firstStep: stepsDone,
    lastStep,
  });
  const { summaries, overlaps, warnings } = data;
  const memory = memoryEstimate(config, { model, trained, cores: runner.cores, summaries });
  const facts = { overlaps, ...(memory && { memory }), warnings };
  yield { type: "data", sources: summaries, tasks: tasks.map(taskSize), ...facts };
  // A run that was cut after it had saved, and before it had evaluated, does so now.
  const isDue = (every: number, step: number) => every > 0 && step % every === 0;
  const isMissing = !evaluations.some((event) => event.step === stepsDone);
  if (isMissing && stepsDone < lastStep && isDue(Math.max(config.evalSteps, Number(stepsDone === 0)), stepsDone))
    yield* await evaluation(stepsDone);
  const { maxBatchTokens, gradientAccumulationSteps: batchesOfStep } = config;
  const columns = { columnLengths: columnLengths(config), columnPrompts: columnPrompts(config) };
  const draw = () => drawBatch({ ...parts, loss, maxBatchTokens, batchesOfStep, ...columns }, runner);
  let end = judge?.isEnough() === true ? stepsDone : lastStep;
  let next = stepsDone < end ? draw() : undefined;
  // Processes that make steps together end together, after the step by which all hear of it: one that left by itself would be waited for.
  const isSpread = runner.processes !== undefined;
  const ownSignal = isSpread ? undefined : signal;
  const progress = progressMeter(lastStep);
  let finalLoss = earlier.findLast((event) => event.type === "step")?.loss ?? Number.NaN;
  for (let step = stepsDone; step < end && next !== undefined; step++) {
    let batch: DrawnBatch;
    try {
      ownSignal?.throwIfAborted();
      batch = await unlessAborted(next, ownSignal);
    } catch (error) {
      yield* stop(step, error);
      if (signal?.aborted === true) return;
      throw error;
    }
    if (step + 1 < lastStep) next = draw(); // while the cores work
    const started = performance.now();
    const asked = { whole: batch.whole, ...(isSpread && { stop: signal?.aborted === true }) };
    const result = await runner.run(jobsOf(step, batch), optimizer.numbers(step), asked);
    if (!Number.isFinite(result.loss) || !Number.isFinite(result.norm))
      yield* diverge(result, {
        ...{ step: step + 1, learningRate: optimizer.learningRate(step), batch, runner, saves },
        sources: data.summaries.map(({ name }) => name),
        parameters: Object.keys(model.weights),
      });
    ({ cursor, counts } = batch);
    progress.add({
      loss: result.loss,
      pairs: batch.rows.length,
      tokens: batch.tokens,
      seconds: (performance.now() - started) / 1000,
    });
    const done = step + 1;
    yield* compiles(done);
    if (done % config.loggingSteps === 0 || done === lastStep) {
      const event = progress.take(done, { gradientNorm: result.norm, learningRate: optimizer.learningRate(step) });
      finalLoss = event.loss;
      yield event;
    }
    if (done === lastStep) break;
    if (result.stop === true) return yield* stop(done, signal?.reason ?? "another process was asked to stop");
    if (isDue(config.saveSteps, done)) yield { type: "checkpoint", step: done, path: await checkpoint(done) };
    if (isDue(config.evalSteps, done)) yield* await evaluation(done);
    if (judge?.isEnough() === true) end = done;
  }
  // At the end of whole epochs nothing is left but what fills no batch: asked for one more, the sampler counts it.
  if (Number.isInteger(config.epochs) && end === config.maxSteps && (await sampler.next()) === undefined)
    counts = sampler.counts;
  if (counts !== undefined) yield rowsEvent(end, data, counts);
  const profile = await runner.profile();
  if (profile !== undefined) yield { type: "profile", steps: end - stepsDone - firstProfiledStep + 1, ...profile };
  if (stepsDone < end && saved?.step !== end) yield { type: "checkpoint", step: end, path: await checkpoint(end) };
  if (!evaluations.some((event) => event.step === end)) yield* await evaluation(end);
  if (signal?.aborted === true) return yield* stop(end, signal.reason);
  const { best, waited } = standing();
  const loaded = config.loadBestModelAtEnd && best !== undefined && best.step !== end;
  const weights = loaded ? await checkpointWeights(parts, best.step) : await weightsOf(parts);
  const path = await saves.saveModel(modelToSave(model, weights, loaded ? best.step : end));
  const areShown = config.loadBestModelAtEnd && best !== undefined; // after the evaluation that was the best
  if (!areShown) yield* (await judge?.examples(end)) ?? []; // the run is whole: a stop comes too late
  yield {
    ...{ type: "done", seconds: clock(), steps: end, finalLoss, model: path },
    metrics: metricSummaries(evaluations, loaded ? best.step : undefined),
    ...(followed && best && { best: { ...best, metric: followed.metric, loaded: config.loadBestModelAtEnd } }),
    ...(end < lastStep && { stoppedEarly: { evaluations: waited, lastStep } }),
  };
}

/** A model that says how far its vectors may be cut once it is trained; with a loss that has no say in it, what it said before. */
function trainedFor(model: TrainableModel, { matryoshkaDimensions }: Loss): TrainableModel {
  return matryoshkaDimensions === undefined
    ? model
    : { ...model, settings: { ...model.settings, matryoshkaDimensions } };
}

/** The weights that a checkpoint of the run holds. */
async function checkpointWeights({ model, saves }: RunParts, step: number) {
  const weights: { [name: string]: Float32Array } = {};
  const folder = await saves.openCheckpoint?.(step); // there is one, as the run's beginning has seen
  if (folder !== undefined)
    for await (const [name, tensor] of modelWeights(folder, model)) weights[name] = toFloat32(tensor);
  return weights;
}

/** What a promise gives, unless a signal is aborted first. Nothing of it is kept: a signal lives as long as the run, a batch does not. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function startEvent(
  config: TrainConfig,
  { model, runner, runtime = "a browser" }: RunParts,
  facts: Pick<Extract<TrainEvent, { type: "start" }>, "loss" | "optimizer" | "trained" | "firstStep" | "lastStep">,
): TrainEvent {
  const counts = { cores: runner.cores, parameters: parameterCount(model) };
  return { type: "start", output: config.output, config, ...facts, ...counts, runtime: `${runtime}, ${runner.engine}` };
}

/** What has become of every row by a step. */
function rowsEvent(step: number, data: TrainingData, counts: readonly SourceCounts[]): TrainEvent {
  const leftOut = data.leftOut();
  const sources = counts.map(
    ({ name, read, emitted, waiting, dropped, repetitive, overdue, lost, alone, leftOver }, i) => ({
      name,
      read,
      trained: emitted,
      waiting,
      leftOut: {
        ...leftOut[i],
        ...(repetitive > 0 && { ownTextTwice: repetitive }),
        ...(dropped > 0 && { textOfBatch: dropped }),
        ...(overdue > 0 && { waitedTooLong: overdue }),
        ...(alone > 0 && { aloneWithLabel: alone }),
        ...(leftOver > 0 && { lessThanBatch: leftOver }),
        ...(lost > 0 && { firstRow: lost }),
      },
    }),
  );
  return { type: "rows", step, sources };
}

function described({ name, options }: Pick<Loss, "name" | "options">) {
  return { name, options };
}

/** All weights of the model as they are, by name. */
async function weightsOf({ model, runner }: RunParts): Promise<{ readonly [name: string]: Float32Array }> {
  const names = Object.keys(model.weights);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await runner.read(name)] as const)));
}

/** Gives the seconds since it was made, after `before` seconds. */
function stopwatch(before: number): () => number {
  const started = performance.now();
  return () => before + (performance.now() - started) / 1000;
}
