import { adamw, type Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { parameterGroups } from "./parameter-groups.ts";
import { learningRateSchedule } from "./train-config.ts";
import type { TrainConfig } from "./train-options.ts";
import type { TrainParts } from "./train-program.ts";

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

/** A program's optimizer, under which what the options freeze stays as it is. */
function withFrozen(optimizer: Optimizer, { freeze }: TrainConfig, specs: readonly ParameterSpec[]): Optimizer {
  if (freeze.length === 0) return optimizer;
  const apart = parameterGroups({ freeze, rates: [], weightDecays: [], layerDecay: 1 }, specs);
  const names = new Set(apart.flatMap(({ names = [] }) => names));
  const isFrozen = (spec: ParameterSpec) => names.has(spec.name) || optimizer.isFrozen?.(spec) === true;
  const { name, options, slots } = optimizer;
  return {
    ...{ name, options: { ...options, freeze }, slots, isFrozen },
    learningRate: (step) => optimizer.learningRate(step),
    numbers: (step) => optimizer.numbers(step),
    rests: (spec) => isFrozen(spec) || optimizer.rests(spec),
    update: (own, step, spec) => optimizer.update(own, step, spec),
    ...(optimizer.updateArrays && {
      updateArrays: (...given: Parameters<NonNullable<Optimizer["updateArrays"]>>) =>
        optimizer.updateArrays?.(...given),
    }),
  };
}
