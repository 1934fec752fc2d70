import type { Optimizer } from "@kindred/adamw";
import type { TextRow } from "@kindred/datasets";
import { initialParameters, type ParameterSpec, type ParameterValues } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import type { Loss } from "@kindred/loss";
import { sentenceDimension } from "@kindred/pooling";
import { childKey, keyFromSeed } from "@kindred/random";
import type { TokenBatch } from "@kindred/sentence-encoder";
import { createSampler, type SamplerOptions, type SourceCounts } from "@kindred/sampler";
import type { Engine } from "@kindred/tensor";
import type { StepRunner, StepRunnerOptions, StoredArray, Values } from "@kindred/tpu-sharding";
import type { DrawnBatch } from "./deal-batch.ts";
import { type StoredState, storedValues } from "./stored-state.ts";
import type { TrainEvent } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import { lossOf, type TrainParts, type TrainProgram } from "./train-program.ts";
import type { TrainableModel } from "./trainable-model.ts";
import {
  lossSpecs,
  type TrainingCoreData,
  type TrainingJob,
  trainedSpecs,
  trainingOptimizer,
} from "./training-core.ts";
import type { TrainingData } from "./training-data.ts";

/** Who makes the steps of a run, and holds its weights. */
export type TrainingRunner = StepRunner<TrainingJob, TokenBatch>;

/** What a runner is told beside configuration and model. */
export type TrainingStepsOptions = {
  /** What the steps run on. */
  readonly engine: Engine;
  /** The run's program, for every core: the URL of its module, or in one thread itself. Default: none. */
  readonly program?: URL | TrainProgram | undefined;
  /** What that program gives. Default: nothing. */
  readonly parts?: TrainParts;
  /** For a run that goes on: what its checkpoint holds beside the model, as {@link runState} gave it. Default: it begins. */
  readonly state?: StoredState | undefined;
};

/**
 * What a runner of a run's steps is made from: the one place where parameters, optimizer, clipping and what goes on are put together.
 *
 * Beside the model's parameters there are the loss's own, under `loss.<name>`.
 *
 * @throws FormatError naming the file, from whoever takes the values, if a stored state is not that of this run.
 *
 * @example
 * ```ts ignore
 * import { wasm } from "@kindred/backend-wasm";
 * import { soloStepRunner } from "@kindred/tpu-sharding";
 * import { trainingCore, trainingSteps } from "@kindred/trainer";
 *
 * const runner = await soloStepRunner({ ...trainingSteps(config, model, { engine: wasm() }), program: trainingCore });
 * ```
 */
export function trainingSteps(
  config: TrainConfig,
  model: TrainableModel,
  { engine, program, parts = {}, state }: TrainingStepsOptions,
): StepRunnerOptions<TrainingCoreData> {
  const loss = lossOf(config, parts, { dimension: sentenceDimension(model.modules) });
  const [ofLoss, specs] = [lossSpecs(loss), trainedSpecs(model, loss)];
  const optimizer = trainingOptimizer(config, parts, specs);
  const others =
    state === undefined ? initialLossValues(loss, config) : storedValues(state, { ofLoss, specs, optimizer });
  return {
    engine,
    specs,
    values: valuesOf(model, others),
    optimizer,
    maxGradNorm: config.maxGradNorm === 0 ? Number.POSITIVE_INFINITY : config.maxGradNorm,
    clipping: config.clipping,
    untouched: config.embeddingUpdate,
    profile: config.profile,
    data: {
      config,
      model: { config: model.encoder.configJson(), modules: model.modules },
      program: program instanceof URL ? program.href : program,
    },
  };
}

function* initialLossValues(loss: Loss, config: TrainConfig) {
  for (const [name, { values }] of Object.entries(lossWeights(loss, config))) yield [name, values] as const;
}

/**
 * The first values of a loss's own weights, by the names that the cores have for them: `loss.<name>`. They follow from the seed.
 *
 * @example
 * ```ts
 * import { lossOf, lossWeights, trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ loss: "embedding-distillation", projection: 768 });
 * lossWeights(lossOf(config, {}, { dimension: 384 }), config)["loss.projection.weight"]?.shape; // => [768, 384]
 * ```
 */
export function lossWeights(
  loss: Loss,
  { seed }: Pick<TrainConfig, "seed">,
): { readonly [name: string]: ParameterValues } {
  return initialParameters(lossSpecs(loss), childKey(keyFromSeed(seed), "parameters of the loss"));
}

/** How many numbers an optimizer moves: all but those that are frozen. */
export function trainedCount(specs: readonly ParameterSpec[], optimizer: Optimizer): number {
  const elements = ({ shape }: ParameterSpec) => shape.reduce((product, size) => product * size, 1);
  return specs.reduce((sum, spec) => (optimizer.isFrozen?.(spec) === true ? sum : sum + elements(spec)), 0);
}

async function* valuesOf({ weights }: TrainableModel, others: Values) {
  for (const [name, { values }] of Object.entries(weights)) yield [name, values] as const;
  yield* others;
}

/**
 * All that a run needs to go on beside the model that it saves: the loss's own weights, and what the optimizer remembers of every parameter.
 * To be read before the next step.
 *
 * @example
 * ```ts ignore
 * import { runState } from "@kindred/trainer";
 *
 * for (const { name, shape } of runState(runner, loss)) console.log(name, shape); // "first.embeddings.…", …
 * ```
 */
export function runState(runner: TrainingRunner, loss: Loss): StoredArray[] {
  const ofLoss = lossSpecs(loss).map(({ name, shape }) => ({ name, shape, read: () => runner.read(name) }));
  return [...ofLoss, ...runner.state()];
}

/** One step, for a progress meter. */
type MeteredStep = {
  readonly loss: number;
  readonly pairs: number;
  readonly tokens: number;
  readonly seconds: number;
};

/** What the last step says of itself. */
type StepState = { readonly gradientNorm: number; readonly learningRate: number };

const nothing: MeteredStep & { readonly steps: number } = { loss: 0, pairs: 0, tokens: 0, seconds: 0, steps: 0 };

/** Adds up steps, and makes a progress event of those since the last one. Only the time of the steps themselves counts. */
export function progressMeter(lastStep: number) {
  let total = nothing;
  return {
    /** Counts a step. */
    add(step: MeteredStep): void {
      const { loss, pairs, tokens, seconds, steps } = total;
      total = {
        loss: loss + step.loss,
        pairs: pairs + step.pairs,
        tokens: tokens + step.tokens,
        seconds: seconds + step.seconds,
        steps: steps + 1,
      };
    },
    /** The event after `step` steps; counting begins anew. */
    take(step: number, { gradientNorm, learningRate }: StepState): Extract<TrainEvent, { type: "step" }> {
      const { loss, pairs, tokens, seconds, steps } = total;
      total = nothing;
      return {
        type: "step",
        step,
        loss: loss / steps,
        learningRate,
        gradientNorm,
        pairsPerSecond: pairs / seconds,
        tokensPerSecond: tokens / seconds,
        secondsLeft: (lastStep - step) * (seconds / steps),
      };
    },
  };
}

/** What gives a run its batches: Kindred's sampler, or a program's. */
export type BatchSampler = {
  /** The next batch; a run ends early with an error when there is none. */
  next(): Promise<{ readonly rows: readonly { readonly row: TextRow; readonly source?: number }[] } | undefined>;
  /** Goes to where it was told to go on, before anything of a run is written: refuses data that have changed. Default: nothing to do. */
  ready?(): Promise<void>;
  /** Where it stands after the last batch that `next` has given, as plain JSON: checkpoints keep it. */
  cursor(): unknown;
  /** What has become of each source's rows. Default: the run does not tell. */
  readonly counts?: readonly SourceCounts[];
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
  const { batchSize, seed, mixing, mixingTemperature: temperature, roundSteps, runsPerRound } = config;
  const { duplicates, duplicateScope, ownTextTwice, firstRows } = config;
  // A part of an epoch is the first steps of a whole one.
  const length = config.epochs === undefined ? {} : { epochs: Math.ceil(config.epochs), dropLast: true };
  const order = config.rowOrder === "original" ? "file-first" : config.rowOrder;
  const groupBy = config.groupByLabel ? ({ label }: TextRow) => label : undefined;
  const mix = { mixing, temperature, roundSteps, runsPerRound };
  const take = { duplicates, duplicateScope, ownTextTwice, order, firstRows, groupBy };
  const key = childKey(keyFromSeed(seed), "sampler");
  try {
    return make({ sources, batchSize, ...mix, ...take, ...length, key, cursor });
  } catch (error) {
    if (cursor === undefined || !(error instanceof ConfigError)) throw error;
    const [, file] = /^(?:fingerprint|length|rows) of (.*)$/.exec(String(error.details["thing"])) ?? [];
    const reason =
      file === undefined
        ? error.message
        : `The rows of ${file} are not those that it began with. Bring them back, or begin a new run.`;
    throw new ConfigError(`${config.output}: the run cannot go on. ${reason}`, error.details, { cause: error });
  }
}

/** What each core does in a step. */
export function jobsOf(step: number, { shares, pairs: totalRows, others = [] }: DrawnBatch): TrainingJob[] {
  const first = step * (1 + others.length);
  return shares.map((share, core) => {
    const job = { step: first, share, totalRows };
    if (others.length === 0) return job;
    const more = others.map((batch, i) => ({
      step: first + 1 + i,
      share: batch.shares[core]!, // `!`: each core has a share of every batch
      totalRows: batch.pairs,
    }));
    return { ...job, others: more };
  });
}
