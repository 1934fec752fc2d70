import {
  type AdamwInPlaceState,
  adamwInPlace,
  type InPlaceOptimizer,
  scheduleByName,
  scriptKernel,
  type TouchedElements,
} from "@kindred/adamw";
import { adamwKernel } from "@kindred/backend-wasm";
import { type Core, parameterViews } from "@kindred/tpu-sharding";
import type { TrainConfig } from "../train-options.ts";
import type { TrainProgramData } from "./train-program.ts";

/** An optimizer and its state. */
export type TrainingOptimizer = {
  /**
   * Moves weights and state on by a step, in place, and returns the gradient's norm over all cores before it was clipped. Weights stay as they
   * are when that is not finite.
   */
  readonly step: (gradients: NamedArrays, weights: NamedArrays, options: TouchedElements) => number;
};

type NamedArrays = Parameters<InPlaceOptimizer<unknown>["step"]>[0];

/**
 * A core's AdamW over the shared memory of a run, as it is after the steps that are done: by a WebAssembly kernel where the memory is
 * a heap and the run uses Kindred's kernels, else in JavaScript.
 */
export async function trainingOptimizer(core: Core, data: TrainProgramData): Promise<TrainingOptimizer> {
  const { config, heap } = data;
  const state = stateAfter(core, data);
  const { lrSchedulerType, learningRate, warmupSteps, maxSteps } = config;
  const optimizer = adamwInPlace({
    kernel: heap !== undefined && config.backend === "wasm" ? await adamwKernel(heap) : scriptKernel,
    maxGradNorm: gradientLimit(config),
    sumSquares: (own) => core.allReduceScalar(own),
    untouched: config.embeddingUpdate,
    learningRate: scheduleByName(lrSchedulerType, { learningRate, warmupSteps, steps: maxSteps }),
    flavour: config.optimizer,
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    weightDecay: config.weightDecay,
  });
  return {
    step: (gradients, weights, options) => {
      optimizer.step(gradients, state, weights, options);
      return state.clip.norm;
    },
  };
}

function gradientLimit({ maxGradNorm, clipping }: TrainConfig): number {
  return maxGradNorm === 0 || clipping === "xla-exact" ? Number.POSITIVE_INFINITY : maxGradNorm;
}

function stateAfter(core: Core, { shards, moments, stepsDone }: TrainProgramData): AdamwInPlaceState {
  const own = { core: core.index };
  return {
    clip: { norm: Number.NaN },
    adamw: {
      adam: {
        step: stepsDone,
        firstMoment: parameterViews(shards, moments.first, own),
        secondMoment: parameterViews(shards, moments.second, own),
      },
      decay: { step: stepsDone },
    },
  };
}
