import { adamw, type Optimizer, scheduleByName } from "@kindred/adamw";
import type { TrainConfig } from "./train-options.ts";

/**
 * The optimizer of a run as its options say, with its schedule: the same on main, which asks it for the numbers of a step, and on every
 * core.
 *
 * @throws ConfigError as `adamw` and the schedule do.
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
export function trainingOptimizer(config: TrainConfig): Optimizer {
  const { lrSchedulerType, learningRate, warmupSteps, maxSteps } = config;
  return adamw({
    learningRate: scheduleByName(lrSchedulerType, { learningRate, warmupSteps, steps: maxSteps }),
    flavour: config.optimizer,
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    weightDecay: config.weightDecay,
    decay: config.decay,
  });
}
