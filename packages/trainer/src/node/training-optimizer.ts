import {
  type AdamwInPlaceState,
  adamw,
  adamwInPlace,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  type InPlaceOptimizer,
  scheduleByName,
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
  readonly step: (gradients: NamedArrays, weights: NamedArrays) => number;
};

type NamedArrays = Parameters<InPlaceOptimizer<unknown>["step"]>[0];

/**
 * A core's AdamW over the shared memory of a run, as it is after the steps that are done: in one pass by a WebAssembly kernel where the
 * memory is a heap and the run uses Kindred's kernels, else in JavaScript.
 */
export async function trainingOptimizer(core: Core, data: TrainProgramData): Promise<TrainingOptimizer> {
  const { config, heap } = data;
  const state = stateAfter(core, data);
  const optimizer =
    heap !== undefined && config.backend === "wasm" ? await onHeap(core, config, heap) : inScript(core, config);
  return {
    step: (gradients, weights) => {
      optimizer.step(gradients, state, weights);
      return state.clip.norm;
    },
  };
}

type Step = Pick<InPlaceOptimizer<AdamwInPlaceState>, "step">;

async function onHeap(core: Core, config: TrainConfig, heap: WebAssembly.Memory): Promise<Step> {
  return adamwInPlace({
    kernel: await adamwKernel(heap),
    maxGradNorm: gradientLimit(config),
    sumSquares: (own) => core.allReduceScalar(own),
    ...adamwOptions(config),
  });
}

function inScript(core: Core, config: TrainConfig): Step {
  const clip = clipByGlobalNorm(gradientLimit(config), { sumSquares: (own) => core.allReduceScalar(own) });
  const optimizer = chain({ clip, adamw: adamw(adamwOptions(config)) });
  return {
    step: (gradients, state, weights) => {
      const updates = optimizer.update(gradients, state, weights);
      if (Number.isFinite(state.clip.norm)) applyUpdates(weights, updates);
    },
  };
}

function gradientLimit({ maxGradNorm, clipping }: TrainConfig): number {
  return maxGradNorm === 0 || clipping === "xla-exact" ? Number.POSITIVE_INFINITY : maxGradNorm;
}

function adamwOptions(config: TrainConfig) {
  const { lrSchedulerType, learningRate, warmupSteps, maxSteps } = config;
  return {
    learningRate: scheduleByName(lrSchedulerType, { learningRate, warmupSteps, steps: maxSteps }),
    flavour: config.optimizer,
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    weightDecay: config.weightDecay,
  };
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
