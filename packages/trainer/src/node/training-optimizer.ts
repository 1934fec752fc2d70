import {
  type AdamwInPlaceState,
  type AdamwKernel,
  adamwInPlace,
  type InPlaceOptimizer,
  scheduleByName,
  type TouchedElements,
} from "@kindred/adamw";
import type { Core } from "@kindred/mesh";
import { parameterViews } from "@kindred/tpu-sharding";
import type { TrainConfig } from "../train-options.ts";
import type { TrainingCoreData } from "./training-core.ts";

/** An optimizer and its state. */
export type TrainingOptimizer = {
  /**
   * Moves weights and state on by a step, in place, and returns the gradient's norm over all cores before it was clipped. Weights stay as they
   * are when that is not finite.
   */
  readonly step: (gradients: NamedArrays, weights: NamedArrays, options: TouchedElements) => number;
};

type NamedArrays = Parameters<InPlaceOptimizer<unknown>["step"]>[0];

/** A core's AdamW over the shared memory of a run, as it is after the steps that are done. */
export function trainingOptimizer(core: Core, data: TrainingCoreData, kernel: AdamwKernel): TrainingOptimizer {
  const { config } = data;
  const state = stateAfter(core, data);
  const { lrSchedulerType, learningRate, warmupSteps, maxSteps } = config;
  const optimizer = adamwInPlace({
    kernel,
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

function stateAfter(core: Core, { shards, moments, stepsDone }: TrainingCoreData): AdamwInPlaceState {
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
