import { adamw, type Optimizer } from "@kindred/adamw";
import {
  type EncoderParameters,
  type JsonObject,
  openEncoder,
  type ParameterSpec,
  parameterNamed,
} from "@kindred/encoder";
import { expectReplay, gradCache } from "@kindred/grad-cache";
import { type Loss, lossShare } from "@kindred/loss";
import { shardCounts } from "@kindred/mesh";
import { add, scale, sliceRows } from "@kindred/nn";
import { sentenceDimension } from "@kindred/pooling";
import { childKey, type Key, keyFromSeed } from "@kindred/random";
import { type EmbeddingModel, embedSentences, modelSpecs, type TokenBatch } from "@kindred/sentence-encoder";
import { type Float, type RowGradient, valueAndGradients } from "@kindred/tensor";
import { allGather, type CorePlace, type StepContext, type StepProgram, type StepShare } from "@kindred/tpu-sharding";
import { type BatchShare, joinColumns, type NumberedSentences, tokenChunks } from "./deal-batch.ts";
import { parameterGroups, withFrozen } from "./parameter-groups.ts";
import { learningRateSchedule } from "./train-config.ts";
import type { TrainConfig } from "./train-options.ts";
import { familiesOf, loadProgram, lossOf, type TrainParts, type TrainProgram } from "./train-program.ts";

/** What every core is told at its start. */
export type TrainingCoreData = {
  readonly config: TrainConfig;
  /** The encoder's configuration, and the modules after it. */
  readonly model: { readonly config: JsonObject; readonly modules: EmbeddingModel["modules"] };
  /** The run's program: the URL of its module, or, where no thread is in between, itself. Default: none. */
  readonly program: string | TrainProgram | undefined;
};

/**
 * What one core does in a training run: it makes steps, and embeds texts for evaluation with the weights as they are. This module is what
 * a runner's cores load; in one thread it is handed over as a function.
 *
 * @throws ConfigError for a program that is none, or options that do not fit.
 *
 * @example
 * ```ts ignore
 * import { cpu } from "@kindred/tensor";
 * import { soloStepRunner } from "@kindred/tpu-sharding";
 * import { trainingCore, trainingSteps } from "@kindred/trainer";
 *
 * const runner = await soloStepRunner({ ...trainingSteps(config, model, { engine: cpu() }), program: trainingCore });
 * ```
 */
export async function trainingCore({
  core,
  data,
}: StepContext<TrainingCoreData>): Promise<StepProgram<TrainingJob, TokenBatch>> {
  const { config, program } = data;
  const parts = await loadProgram(typeof program === "string" ? new URL(program) : program);
  const model = { encoder: openEncoder(familiesOf(parts), data.model.config), modules: data.model.modules };
  const loss = lossOf(config, parts, { dimension: sentenceDimension(model.modules) });
  const dropoutKey = childKey(keyFromSeed(config.seed), "dropout");
  const { maxBatchTokens } = config;
  const specs = trainedSpecs(model, loss);
  const optimizer = trainingOptimizer(config, parts, specs);
  const frozen = new Set(specs.filter((spec) => optimizer.isFrozen?.(spec)).map(({ name }) => name));
  return {
    optimizer,
    step: ({ parameters, add }, job) => {
      const task = { parameters, model, loss, dropoutKey, maxBatchTokens, core, frozen };
      const receivers = { onGradient: add, onRowGradient: add };
      return job.others === undefined
        ? trainingStep(task, job, receivers)
        : meanOfSteps([job, ...job.others], (one, weight) => trainingStep({ ...task, weight }, one, receivers));
    },
    embed: (parameters, batch) => embedSentences(parameters, batch, model),
  };
}

export default trainingCore;

/**
 * The module that a run's cores load. Cores run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
 *
 * @example
 * ```ts ignore
 * import { wasm } from "@kindred/backend-wasm";
 * import { startStepRunner } from "@kindred/tpu-sharding/node";
 * import { trainingCoreModule, trainingSteps } from "@kindred/trainer";
 *
 * const steps = trainingSteps(config, model, { engine: wasm() });
 * const runner = await startStepRunner({ ...steps, cores: 2, program: trainingCoreModule() });
 * runner.engine; // "wasm kernels: relaxed (…)", say
 * await runner.stop();
 * ```
 */
export function trainingCoreModule(): URL {
  const file = import.meta.url.endsWith(".ts") ? "../dist/training-core.js" : "./training-core.js";
  return new URL(file, import.meta.url);
}

/**
 * The optimizer of a run, the program's or AdamW as the options say, with the options' schedule: the same on main, which asks it for the
 * numbers of a step, and on every core.
 *
 * Parameters that the options freeze are frozen under both.
 *
 * @throws ConfigError as `adamw` and the schedule do, and for a name of `freeze` that no parameter has.
 *
 * @example
 * ```ts
 * import { trainConfig, trainingOptimizer } from "@kindred/trainer";
 *
 * const { name, learningRate } = trainingOptimizer(trainConfig({ learningRate: 1, warmupSteps: 4, maxSteps: 8 }));
 * name; // => "adamw"
 * [0, 2, 4, 6, 8].map(learningRate); // => [0, 0.5, 1, 0.5, 0]
 * ```
 */
export function trainingOptimizer(
  config: TrainConfig,
  { optimizer }: TrainParts = {},
  specs: readonly ParameterSpec[] = [],
): Optimizer {
  const schedule = learningRateSchedule(config);
  if (optimizer !== undefined) return withFrozen(optimizer({ learningRate: schedule }), config, specs);
  const { freeze, rates, weightDecays, layerDecay } = config;
  const apart = freeze.length + rates.length + weightDecays.length > 0 || layerDecay < 1;
  const made = adamw({
    learningRate: schedule,
    ...(apart && { groups: parameterGroups(config, specs) }),
    flavour: config.optimizer,
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    weightDecay: config.weightDecay,
    decay: config.decay,
  });
  // Run files and model card tell the groups as they were asked for, not name by name.
  if (!apart) return made;
  const { groups: _, ...options } = made.options;
  return { ...made, options: { ...options, freeze, rates, weightDecays, layerDecay } };
}

/** What a core computes the gradient of. */
export type TrainingTask = {
  readonly parameters: EncoderParameters;
  readonly model: EmbeddingModel;
  readonly loss: Loss;
  /** Dropout is drawn by this key, the step, and a text's column and place in the batch; without it there is none. */
  readonly dropoutKey: Key | undefined;
  /** The most tokens that are run forward and back at once. */
  readonly maxBatchTokens: number;
  readonly core: CorePlace;
  /** Parameters that have no gradient. Default: none. */
  readonly frozen?: ReadonlySet<string>;
  /** Factor on the loss: of one of several batches of a step. Default: 1. */
  readonly weight?: number;
};

/** One core's work in a step. */
export type TrainingJob = {
  /** Counted from 0; where steps have several batches, these are counted. */
  readonly step: number;
  readonly share: BatchShare;
  /** Rows of the whole batch, which were dealt evenly. */
  readonly totalRows: number;
  /** Its work on more batches of the same step: losses and gradients of all are averaged. Default: none. */
  readonly others?: readonly TrainingJob[];
};

/** The name under which the cores hold a weight of the loss's own. */
export const lossParameter = (name: string): string => `loss.${name}`;

/** The loss's own weights as the cores hold them. */
export function lossSpecs({ parameters = [] }: Loss): ParameterSpec[] {
  return parameters.map((spec) => ({ ...spec, name: lossParameter(spec.name) }));
}

/** All that a run may train: the model's parameters, then the loss's own. */
export function trainedSpecs(model: EmbeddingModel, loss: Loss): ParameterSpec[] {
  return [...modelSpecs(model), ...lossSpecs(loss)];
}

/** Who gets every parameter's gradient, once it is final. */
export type GradientReceivers = {
  /** Gets a parameter's whole gradient. */
  readonly onGradient: (name: string, gradient: Float) => void;
  /** For the gradient of a table of which the step looked up some rows. Default: `onGradient` gets it whole. */
  readonly onRowGradient?: (name: string, gradient: RowGradient) => void;
};

/**
 * One step's loss and gradients on one core: its share of the mean loss over the global batch, and the gradient of the whole
 * loss through its own rows. Both add up over the cores to what one core would have with the whole batch. Nothing is read.
 *
 * All columns go through the model together. A share of more than `maxBatchTokens` tokens is run in chunks, its loss nevertheless
 * computed over all rows of all cores.
 *
 * @example
 * ```ts
 * import { contrastive } from "@kindred/contrastive-loss";
 * import { initialParameters } from "@kindred/encoder";
 * import { mpnet } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { cpu } from "@kindred/tensor";
 * import { soloCore } from "@kindred/mesh";
 * import { dealBatch, trainingStep } from "@kindred/trainer";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const json = { vocab_size: 9, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 };
 * const encoder = mpnet.open(json, { file: "config.json" });
 * const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * const model = { encoder, modules: [{ kind: "Pooling", dimension: 8, modes: ["mean"] }, { kind: "Normalize" }] } as const;
 * const tokens = [5, 7].map((id) => ({ ids: Int32Array.of(0, id, 2, 0, id + 1, 2), starts: Int32Array.of(0, 3, 6) }));
 * const loss = contrastive();
 * const [share] = dealBatch([{ texts: ["a", "b"] }, { texts: ["c", "d"] }], tokens, { cores: 1, loss });
 *
 * const task = { parameters, model, loss, dropoutKey: undefined, maxBatchTokens: 64, core: soloCore() };
 * const names: string[] = [];
 * const job = { step: 0, share: share!, totalRows: 2 };
 * trainingStep(task, job, { onGradient: (name) => names.push(name) }).loss.dataSync(); // => [0.87]
 * names.length === weights.length; // => true
 * ```
 */
export function trainingStep(
  task: TrainingTask,
  { step, share, totalRows }: TrainingJob,
  receivers: GradientReceivers,
): StepShare {
  const { parameters, model, core, dropoutKey, frozen, weight = 1 } = task;
  const { columns, rows, firstRow, data } = share;
  const { chunks = tokenChunks(joinColumns(share, totalRows), task.maxBatchTokens) } = share;
  const embed = ({ batch, rows }: NumberedSentences): Float => {
    const dropout = dropoutKey === undefined ? {} : { dropout: childKey(dropoutKey, step) };
    return embedSentences(parameters, batch, { ...model, ...dropout, rows });
  };
  const counts = { rows: shardCounts(totalRows, core.size) };
  const ownWeights = Object.fromEntries(
    (task.loss.parameters ?? []).map(({ name }) => [name, parameterNamed(parameters, lossParameter(name))]),
  );
  const loss = (embeddings: Float<"batch hidden">) => {
    const share = lossShare(
      task.loss,
      columns.map((_, column) => sliceRows(embeddings, column * rows.length, rows.length)),
      {
        ...{ ...data, cores: core.size, firstRow, totalRows, parameters: ownWeights },
        gather: (own: Float) => allGather(own, core, counts),
      },
    );
    return weight === 1 ? share : scale(share, weight);
  };
  const trained = frozen === undefined || frozen.size === 0 ? parameters : without(parameters, frozen);
  const [first, ...more] = chunks;
  if (first !== undefined && more.length === 0) {
    return { loss: valueAndGradients(() => loss(embed(first)), trained, receivers).value };
  }
  // To gradCache all texts are one column, as they go through the model together.
  const ofAll = (columns: readonly Float<"batch hidden">[]) => columns.map(loss).reduce(add);
  const { value, drift } = gradCache({ columns: [chunks], embed, loss: ofAll, parameters: trained, ...receivers });
  return { loss: value, checks: [{ value: drift, expect: expectReplay }] };
}

/** What several batches give, each with its part of the loss. Their gradients add up where they are received. */
function meanOfSteps(jobs: readonly TrainingJob[], step: (job: TrainingJob, weight: number) => StepShare): StepShare {
  const shares: StepShare[] = [];
  try {
    for (const job of jobs) shares.push(step(job, 1 / jobs.length));
  } catch (error) {
    // Nobody else knows of what the batches before it gave.
    for (const { loss, checks = [] } of shares) for (const { value } of [{ value: loss }, ...checks]) value.dispose();
    throw error;
  }
  const loss = shares
    .map((share) => share.loss)
    .reduce((one, other) => {
      const sum = add(one, other);
      one.dispose();
      other.dispose();
      return sum;
    });
  return { loss, checks: shares.flatMap(({ checks = [] }) => checks) };
}

function without(parameters: EncoderParameters, names: ReadonlySet<string>): EncoderParameters {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !names.has(name)));
}
