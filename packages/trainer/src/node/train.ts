import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { childKey, keyFromSeed } from "@kindred/random";
import { createSampler, type Sampler } from "@kindred/sampler";
import type { TrainEvent } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";
import { type ResumePoint, readMoments } from "./checkpoint.ts";
import { newModel } from "./new-model.ts";
import { createRunFolder, expectNewFolder, reopenRunFolder } from "./run-folder.ts";
import { readTrainableModel, type TrainableModel } from "./trainable-model.ts";
import { type TrainingData, trainingData } from "./training-data.ts";
import { startTrainingMesh, trainingMemory } from "./training-mesh.ts";
import { trainingRun } from "./training-run.ts";

/** Options of {@link train}. */
export type TrainOptions = {
  /** Ends the run after the step that is going on: it saves a checkpoint, and its last event is `stopped`. */
  readonly signal?: AbortSignal;
  /** Go on from here instead of starting anew; `config.output` is the run's folder then. */
  readonly resume?: ResumePoint;
  /** What the output folder is named after if `config.output` is empty. Default: `"run"`. */
  readonly name?: string;
};

/**
 * Trains a sentence encoder and tells what happens, event by event. Nothing is printed.
 *
 * Before anything is written, the data and the model are read and checked. The run's folder then holds `run.json`,
 * `events.jsonl`, `report.html`, `checkpoint-<step>/` and, at the end, `model/`. The same configuration on the same number of
 * cores gives the same numbers; a run that was stopped and resumed gives those of one that was not.
 *
 * Leaving the loop early stops the cores; steps since the last checkpoint are lost then (use `signal` to keep them).
 *
 * @throws ConfigError, DataError or FormatError for what the user gave; DivergenceError if the numbers run away; MeshError or
 * OutOfMemoryError from a core.
 *
 * @example
 * ```ts ignore
 * import { trainConfig } from "@kindred/trainer";
 * import { train } from "@kindred/trainer/node";
 *
 * for await (const event of train(trainConfig({ data: "pairs.jsonl" }, { preset: "quickstart" }))) {
 *   if (event.type === "step") console.log(event.step, event.loss);
 * }
 * ```
 */
export async function* train(
  config: TrainConfig,
  { signal, resume, name = "run" }: TrainOptions = {},
): AsyncGenerator<TrainEvent, void> {
  const cores = config.cores > 0 ? config.cores : availableParallelism();
  if (config.batchSize < cores)
    throw new ConfigError(`train: fewer pairs than cores. Got batchSize ${config.batchSize} and ${cores} cores.`, {
      cores,
    });
  const output =
    config.output !== ""
      ? config.output
      : join("runs", `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);
  const complete: TrainConfig = { ...config, output, cores };
  if (resume === undefined) expectNewFolder(output);
  else expectStepsLeft(complete, resume);
  const model = await startingModel(config, resume);
  const data = await trainingData(config, model);
  const memory = trainingMemory(model, cores);
  if (resume !== undefined) await readMoments(resume.folder, memory.namedMoments);
  const stepsDone = resume?.state.step ?? 0;
  const sampler = samplerOf(complete, data, resume);
  const mesh = await startTrainingMesh(complete, model, memory, stepsDone);
  try {
    const folder =
      resume === undefined
        ? await createRunFolder(output, complete)
        : await reopenRunFolder(output, complete, stepsDone);
    const run = { config: complete, model, mesh, sampler, tasks: data.tasks, summaries: data.summaries, stepsDone };
    const before = { earlier: folder.events, secondsBefore: resume?.state.seconds ?? 0 };
    for await (const event of trainingRun({ ...run, ...before }, signal)) {
      folder.record(event);
      if (event.type === "evaluation" || event.type === "stopped" || event.type === "done") await folder.report();
      yield event;
    }
  } finally {
    await mesh.close();
    await sampler.close();
  }
}

function expectStepsLeft({ output, maxSteps, stopAt }: TrainConfig, { state }: ResumePoint): void {
  const lastStep = stopAt === 0 ? maxSteps : stopAt;
  if (state.step < lastStep) return;
  throw new ConfigError(
    `train: the run ${output} is done: ${state.step} of ${lastStep} steps. To go on, raise stopAt or maxSteps.`,
    { step: state.step, lastStep },
  );
}

function samplerOf(
  { batchSize, seed, mixing, roundSteps, duplicates }: TrainConfig,
  { sources }: TrainingData,
  resume: ResumePoint | undefined,
): Sampler {
  const options = { sources, batchSize, mixing, roundSteps, duplicates, key: childKey(keyFromSeed(seed), "sampler") };
  if (resume === undefined) return createSampler(options);
  try {
    return createSampler({ ...options, cursor: resume.state.cursor });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${resume.folder}: the run cannot go on from here. ${error.message}`, error.details, {
      cause: error,
    });
  }
}

async function startingModel(config: TrainConfig, resume: ResumePoint | undefined): Promise<TrainableModel> {
  const folder = resume?.folder ?? config.model;
  if (folder === "") return newModel(config);
  const model = await readTrainableModel(folder);
  const maxSeqLength = Math.min(
    config.maxSeqLength ?? model.settings.maxSeqLength,
    model.settings.config.maxPositionEmbeddings - 2,
  );
  const own = model.settings.config;
  const { hiddenDropoutProb = own.hiddenDropoutProb, attentionProbsDropoutProb = own.attentionProbsDropoutProb } =
    config;
  return {
    ...model,
    settings: { ...model.settings, maxSeqLength, config: { ...own, hiddenDropoutProb, attentionProbsDropoutProb } },
  };
}
