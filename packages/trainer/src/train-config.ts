import { type Schedule, type ScheduleShape, scheduleByName, scheduleShapes } from "@kindred/adamw";
import { ConfigError, nearestName } from "@kindred/errors";
import { checkOptions, flagName } from "@kindred/options";
import { families } from "@kindred/sentence-encoder";
import { refuseUnfollowed } from "./evaluators/best-model.ts";
import { guideFolders } from "./guides.ts";
import { drawingOptions } from "./options/batch-options.ts";
import { columnLengths, columnPrompts } from "./trainable-model.ts";
import { type TrainConfig, trainOptions } from "./train-options.ts";
import { refuseLossOptions } from "./train-program.ts";
import { trainPresets } from "./train-presets.ts";

/** What to start from, under the values that are given. */
export type ConfigSource = {
  /** The name of a preset. Default: none. */
  readonly preset?: string;
  /** Values from a file or an earlier run, over the preset. Default: none. */
  readonly base?: { readonly [name: string]: unknown };
  /** Named in errors. Default: `"train"`. */
  readonly where?: string;
};

/** Options that describe a new model and mean nothing for one that is loaded. */
const newModelOnly = [
  "vocabulary",
  "modelType",
  "hiddenSize",
  "numHiddenLayers",
  "numAttentionHeads",
  "intermediateSize",
];

/** Options that mean something to XLA alone. */
const xlaOnly = ["devices", "products"] as const;

/**
 * The complete configuration of a run: what is given, over a file's values, over the preset, over the defaults.
 *
 * @throws ConfigError for an unknown option or preset (naming the nearest), a bad value, and options that contradict each other.
 *
 * @example
 * ```ts
 * import { trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ data: "pairs.jsonl", batchSize: 64 }, { preset: "quickstart" });
 * [config.batchSize, config.learningRate]; // => [64, 0.003]
 * ```
 */
export function trainConfig(
  given: { readonly [name: string]: unknown },
  { preset = "", base = {}, where = "train" }: ConfigSource = {},
): TrainConfig {
  const known = { ...(preset === "" ? {} : presetNamed(preset)), ...base };
  // A run that goes on without XLA takes nothing of it along.
  const leavesXla = given["backend"] !== undefined && given["backend"] !== "xla" && base["backend"] === "xla";
  const left = leavesXla ? Object.fromEntries(xlaOnly.map((name) => [name, undefined])) : {};
  // A run's length is said once: what is given goes before what a file or an earlier run says.
  if (given["epochs"] !== undefined && given["maxSteps"] !== undefined)
    throw new ConfigError(
      `${where}: epochs and maxSteps both say how long a run is. Got ${String(given["epochs"])} and ${String(given["maxSteps"])}. Leave one of them out (--epochs, --max-steps).`,
      { key: "epochs" },
    );
  const length = given["maxSteps"] === undefined ? {} : { epochs: undefined };
  const checked = checkOptions(trainOptions, { ...known, ...left, ...length, ...given }, where);
  // A short run asked for over a preset or the defaults: a warm-up of the usual length would be all of it.
  const shorten =
    given["warmupSteps"] === undefined &&
    base["warmupSteps"] === undefined &&
    (checked.epochs !== undefined || checked.warmupSteps > checked.maxSteps / 2);
  const config = shorten ? { ...checked, warmupSteps: 0.1 } : checked;
  const refuse = (message: string, details: object) => {
    throw new ConfigError(`${where}: ${message}`, { ...details });
  };
  const extra = config.model === "" ? undefined : newModelOnly.find((name) => given[name] !== undefined);
  if (extra !== undefined)
    refuse(`${extra} describes a new model, but model = ${config.model} is loaded. Leave one of them out.`, {
      key: extra,
    });
  // A program's family may have no heads; it says itself what sizes it takes.
  const isOwnFamily = families.some(({ modelTypes }) => modelTypes.includes(config.modelType));
  if (isOwnFamily && config.hiddenSize % config.numAttentionHeads !== 0) {
    const { hiddenSize, numAttentionHeads } = config;
    refuse(`hiddenSize is no multiple of numAttentionHeads. Got ${hiddenSize} and ${numAttentionHeads}.`, {
      hiddenSize,
      numAttentionHeads,
    });
  }
  // How many steps epochs are is known once the rows are.
  if (config.epochs === undefined) expectStepsFit(config, where);
  if (config.maxSeqLength !== undefined && config.maxBatchTokens < config.maxSeqLength) {
    refuse(
      `maxBatchTokens is less than one text. Got ${config.maxBatchTokens}, expected at least maxSeqLength = ${config.maxSeqLength}.`,
      {},
    );
  }
  columnLengths(config, where);
  columnPrompts(config);
  const ofRounds = (["runsPerRound", "roundSteps"] as const).find((name) => given[name] !== undefined);
  if (config.mixing === "batch" && (config.duplicateScope === "round" || ofRounds !== undefined))
    refuse(
      `mixing batch has no rounds. Got ${ofRounds ?? "duplicateScope round"}. Leave it out, or take mixing rounds (--mixing rounds).`,
      { key: ofRounds ?? "duplicateScope" },
    );
  if (config.lrSchedulerType === "constant" && given["warmupSteps"] !== undefined && config.warmupSteps > 0)
    refuse("constant has no warm-up. Leave warmupSteps out, or take lrSchedulerType constant_with_warmup.", {
      key: "warmupSteps",
    });
  if (config.epochs === undefined) learningRateSchedule(config, where);
  if (config.backend === "xla") refuseBesideXla(config, { where, given });
  const unused =
    config.backend === "xla" ? undefined : xlaOnly.find((name) => config[name] !== trainOptions[name].default);
  if (unused !== undefined)
    refuse(
      `${unused} says something to XLA alone. Got ${unused} ${config[unused]} and backend ${config.backend}. Leave it out, or choose backend xla (--backend xla).`,
      { key: unused },
    );
  refuseLossOptions(config, where);
  refuseUnfollowed(config, where);
  guideFolders(config);
  return config;
}

/** Refuses steps that lie behind the last. @throws ConfigError naming both */
export function expectStepsFit(
  { stopAt, warmupSteps, maxSteps }: Pick<TrainConfig, "stopAt" | "warmupSteps" | "maxSteps">,
  where = "train",
): void {
  for (const [name, step] of Object.entries({ stopAt, warmupSteps }))
    if (step > maxSteps)
      throw new ConfigError(`${where}: ${name} lies behind maxSteps. Got ${step} and ${maxSteps}.`, { [name]: step });
}

/** The options of a schedule's shape, by what the schedule calls them. */
const shapeOptions = {
  power: "lrPower",
  end: "lrEnd",
  cycles: "lrCycles",
  timescale: "lrTimescale",
  decaySteps: "lrDecaySteps",
} as const satisfies { readonly [part in keyof ScheduleShape]-?: keyof TrainConfig };

/**
 * The learning rate of each step of a run.
 *
 * @throws ConfigError for an option that the schedule has no use for, and as the schedule does.
 *
 * @example
 * ```ts
 * import { learningRateSchedule, trainConfig } from "@kindred/trainer";
 *
 * const given = { lrSchedulerType: "polynomial", lrPower: 2, lrEnd: 0, learningRate: 16, warmupSteps: 2, maxSteps: 6 };
 * [0, 1, 2, 4].map(learningRateSchedule(trainConfig(given))); // => [0, 8, 16, 4]
 * ```
 */
export function learningRateSchedule(config: TrainConfig, where = "train"): Schedule {
  const { lrSchedulerType: name, learningRate, warmupSteps, maxSteps: steps } = config;
  const takes = scheduleShapes[name];
  const parts = Object.keys(shapeOptions) as (keyof ScheduleShape)[]; // its keys are those
  const unused = parts.find((part) => config[shapeOptions[part]] !== undefined && !takes.includes(part));
  if (unused !== undefined) {
    const taken = takes.map((part) => shapeOptions[part]).join(", ") || "none of its kind";
    throw new ConfigError(`${where}: ${name} has no ${shapeOptions[unused]}. Expected ${taken}. Leave it out.`, {
      key: shapeOptions[unused],
    });
  }
  const shape = Object.fromEntries(parts.map((part) => [part, config[shapeOptions[part]]]));
  return scheduleByName(name, { learningRate, warmupSteps, steps }, shape);
}

/** Refuses what a run on XLA cannot do. */
function refuseBesideXla(
  config: TrainConfig,
  { where, given }: { readonly where: string; readonly given: { readonly [name: string]: unknown } },
): void {
  const reason =
    given["cores"] !== undefined && config.cores !== 0
      ? `cores are worker threads, of which backend xla has none. Got cores ${config.cores}. Leave it out, or say how many devices (--devices).`
      : config.embeddingUpdate === "lazy"
        ? 'backend xla moves all rows of a table. Got embeddingUpdate "lazy", expected "dense". Leave it out, or choose backend wasm (--backend wasm).'
        : config.profile
          ? "backend xla runs whole programs, in which no op can be measured. Got profile. Leave it out (--no-profile), or choose backend wasm."
          : undefined;
  if (reason !== undefined) throw new ConfigError(`${where}: ${reason}`, { backend: "xla" });
  expectEqualShares(config, config.devices, where);
}

/**
 * Refuses a batch that devices cannot share equally, as a program of all of them asks for.
 *
 * @param devices how many; 0 while that is not known
 * @throws ConfigError naming both numbers
 *
 * @example
 * ```ts
 * import { expectEqualShares } from "@kindred/trainer";
 *
 * expectEqualShares({ batchSize: 64 }, 8); // => undefined
 * ```
 */
export function expectEqualShares(
  { batchSize }: Pick<TrainConfig, "batchSize">,
  devices: number,
  where = "train",
): void {
  if (devices === 0 || batchSize % devices === 0) return;
  throw new ConfigError(
    `${where}: batchSize is no multiple of the devices, each of which has as many rows. Got ${batchSize} and ${devices}. ` +
      `Take ${Math.ceil(batchSize / devices) * devices} (--batch-size), or other devices (--devices).`,
    { batchSize, devices },
  );
}

/** Options that say what is trained, on what and in which order: a run that goes on keeps them. */
const keptOptions = [
  ...newModelOnly,
  "pooling",
  "normalize",
  "model",
  "seed",
  "loss",
  "projection",
  "batchSize",
  ...drawingOptions,
  "prompts",
  "gradientAccumulationSteps",
  "holdOut",
  "maxHoldOutRows",
  "holdOutEvaluators",
  "maxRowsInMemory",
  "columns",
  "numNegatives",
];

/**
 * Refuses options with which a run cannot go on: those of a new model, and those that its place in the data rests on.
 *
 * @param config the run as it is to go on
 * @param begun the configuration that it began with; what it does not name was at its default
 * @throws ConfigError naming the first option and both values
 *
 * @example
 * ```ts
 * import { expectSameOptions, trainConfig } from "@kindred/trainer";
 *
 * expectSameOptions(trainConfig({ learningRate: 1e-3 }), { learningRate: 2e-5, seed: 42 }); // => undefined
 * ```
 */
export function expectSameOptions(config: TrainConfig, begun: { readonly [name: string]: unknown }): void {
  for (const name of keptOptions) {
    const [now, then]: [unknown, unknown] = [Reflect.get(config, name), begun[name] ?? defaultOf(name)];
    if (JSON.stringify(now) === JSON.stringify(then)) continue;
    throw new ConfigError(
      `train: ${name} (${flagName(name)}) cannot change when a run goes on. Got ${JSON.stringify(now)}, the run began with ${JSON.stringify(then)}. Leave it out, or begin a new run.`,
      { key: name, value: now, begun: then },
    );
  }
}

function defaultOf(name: string): unknown {
  return Object.entries(trainOptions).find(([option]) => option === name)?.[1].default;
}

function presetNamed(name: string): Partial<TrainConfig> {
  if (Object.hasOwn(trainPresets, name)) return trainPresets[name as keyof typeof trainPresets];
  const names = Object.keys(trainPresets);
  const nearest = nearestName(name, names);
  throw new ConfigError(
    `unknown preset ${name}. ${nearest === undefined ? `Expected one of ${names.join(", ")}.` : `Did you mean ${nearest}?`}`,
    { preset: name },
  );
}
