import { scheduleByName, scriptKernel } from "@kindred/adamw";
import { adamwKernel } from "@kindred/backend-wasm";
import { type EncoderParameters, type JsonObject, openEncoder } from "@kindred/encoder";
import { DivergenceError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";
import { countFlops } from "@kindred/nn";
import { childKey, keyFromSeed } from "@kindred/random";
import { type EmbeddingModel, embedSentences, type TokenBatch } from "@kindred/sentence-encoder";
import { type EngineModule, engineFromModule, type Float, type Profile, profileKernels } from "@kindred/tensor";
import { type ExchangeMemory, type ParameterShards, parameterExchange, parameterViews } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchShare } from "../deal-batch.ts";
import type { TrainConfig } from "../train-options.ts";
import { prepareGradients } from "../prepare-gradients.ts";
import { familiesOf, loadProgram, lossOf } from "../train-program.ts";
import { type TrainingTask, trainingStep } from "../training-step.ts";
import { firstProfiledStep, type StepResult } from "../training-cores.ts";
import { trainingOptimizer } from "./training-optimizer.ts";

/** What a core of a training mesh is told at its start. Weights and moments lie in shared memory, seen by main as well. */
export type TrainingCoreData = {
  readonly config: TrainConfig;
  readonly engine: EngineModule;
  /** The encoder's configuration, and the modules after it. */
  readonly model: { readonly config: JsonObject; readonly modules: EmbeddingModel["modules"] };
  readonly shapes: { readonly [name: string]: readonly number[] };
  readonly shards: ParameterShards;
  readonly memory: ExchangeMemory;
  /** The WebAssembly memory in which weights, gradients and moments lie; undefined where they are too large for one. */
  readonly heap: WebAssembly.Memory | undefined;
  /** AdamW's moments of all parameters, laid out as the weights. */
  readonly moments: { readonly first: Float32Array; readonly second: Float32Array };
  /** The URL of the run's program; undefined without one. */
  readonly program: string | undefined;
  /** Steps already done: 0, or those of the checkpoint that the weights and moments are from. */
  readonly stepsDone: number;
};

/** One step's work for one core. */
export type StepJob = { readonly step: number; readonly share: BatchShare; readonly totalRows: number };

/** The program of one core of a training mesh: it makes steps, and embeds texts for evaluation with the weights as they are. */
export default async function trainingCore(core: Core, data: TrainingCoreData) {
  const { config, shards, memory } = data;
  const parts = await loadProgram(data.program === undefined ? undefined : new URL(data.program));
  const model = { encoder: openEncoder(familiesOf(parts), data.model.config), modules: data.model.modules };
  const engine = await (await engineFromModule(data.engine)).start();
  const parameters = tensorsOf(parameterViews(shards, memory.weights), data.shapes);
  // In WebAssembly where the memory is a heap and the run uses Kindred's kernels, else in JavaScript.
  const kernel = data.heap !== undefined && config.backend === "wasm" ? await adamwKernel(data.heap) : undefined;
  const exchange = parameterExchange(core, shards, memory, { add: kernel?.add });
  const optimizer = trainingOptimizer(core, data, kernel ?? scriptKernel);
  const schedule = scheduleOf(config);
  const task: TrainingTask = {
    parameters,
    model,
    core,
    loss: lossOf(config, parts),
    dropoutKey: childKey(keyFromSeed(config.seed), "dropout"),
    maxBatchTokens: config.maxBatchTokens,
  };
  let profiler: ReturnType<typeof profileKernels> | undefined;
  let steps = 0;
  return {
    engine: () => engine.description,
    profile: (): Profile | undefined => profiler?.stop(),
    step: (job: StepJob): StepResult => {
      if (++steps === firstProfiledStep && config.profile && core.index === 0)
        profiler = profileKernels({ countFlops });
      const learningRate = schedule(job.step);
      const loss = core.allReduceScalar(
        trainingStep(task, job, { onGradient: exchange.addGradient, onRowGradient: exchange.addGradient }),
      );
      const ownNorm = prepareGradients(exchange.localGradients(), config, core.size);
      const gradients = exchange.reduceGradients();
      const touched = exchange.touchedElements();
      const norm = Number.isFinite(loss) ? optimizer.step(gradients, exchange.ownWeights, { touched }) : Number.NaN;
      const gradientNorm = config.clipping === "xla-exact" ? Math.max(...core.allGatherScalar(ownNorm)) : norm;
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
        throw new DivergenceError(
          `train: the numbers ran away at step ${job.step + 1}. Got loss ${loss} and gradient norm ${gradientNorm}, expected finite ones. Lower learningRate (now ${config.learningRate}) or raise warmupSteps.`,
          { step: job.step + 1, loss, gradientNorm },
        );
      }
      for (const [name, values] of Object.entries(exchange.publishWeights())) engine.write(parameters[name]!, values);
      return { loss, gradientNorm, learningRate };
    },
    embed: async (batch: TokenBatch | undefined): Promise<Float32Array | undefined> => {
      if (batch === undefined) return undefined;
      const embeddings = embedSentences(parameters, batch, model);
      const values = new Float32Array(embeddings.size);
      await engine.read(embeddings, values);
      embeddings.dispose();
      return values;
    },
  };
}

/** The methods of a core, for the mesh's types. */
export type TrainingHandlers = Awaited<ReturnType<typeof trainingCore>>;

function tensorsOf(
  weights: { readonly [name: string]: Float32Array },
  shapes: TrainingCoreData["shapes"],
): EncoderParameters {
  const tensor = (name: string, values: Float32Array): Float =>
    tf.keep(tf.tensor(values.slice(), [...shapes[name]!], "float32"));
  return Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tensor(name, values)]));
}

function scheduleOf({ lrSchedulerType, learningRate, warmupSteps, maxSteps }: TrainConfig) {
  return scheduleByName(lrSchedulerType, { learningRate, warmupSteps, steps: maxSteps });
}
