import type { Optimizer, Schedule } from "@kindred/adamw";
import type { EncoderFamily } from "@kindred/encoder";
import { ConfigError, nearestName } from "@kindred/errors";
import { expectLoss, type Loss, matryoshka } from "@kindred/loss";
import { families as ownFamilies } from "@kindred/sentence-encoder";
import { builtInLosses, type LossChoice, type LossOption } from "./built-in-losses.ts";
import { drawingOptions } from "./options/batch-options.ts";
import * as library from "./program-library.ts";
import type { RunReader } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import type { MakeSampler } from "./training-steps.ts";

/** What a program is handed: `tf`, all of `nn`, the losses, the sampler, what families of encoders are built of, keys of random
 * numbers and the classes of errors. */
export type Kindred = typeof library;

/** All options that losses are made from. */
const lossOptions = [...new Set(Object.values(builtInLosses).flatMap(({ takes }) => takes))].filter(
  (option): option is LossOption => option !== "dimension" && option !== "teacher",
);

/** The losses that options can choose, as they are by default, for messages that name those that would do. */
export function knownLosses(): Loss[] {
  return Object.values(builtInLosses).map(({ make }) => make());
}

/** The parts of a run that its options cannot say. What a program leaves out is as the options have it. */
export type TrainParts = {
  /** What is made small. Instead of `loss` and the options of losses. */
  readonly loss?: Loss;
  /** How weights move, at the learning rate of the options. Instead of AdamW. */
  readonly optimizer?: (given: { readonly learningRate: Schedule }) => Optimizer;
  /** More families of encoders, for models whose config.json has their `model_type`, and for a new one of `modelType`. */
  readonly families?: readonly EncoderFamily[];
  /** What draws the batches. Instead of Kindred's, which is handed the same. */
  readonly sampler?: MakeSampler;
  /** More readers of the run's events. */
  readonly readers?: readonly RunReader[];
};

/** What a program's module exports by default. It is called once in main and once on every core, and must give the same each time. */
export type TrainProgram = (kindred: Kindred) => TrainParts | Promise<TrainParts>;

/**
 * A program as it is: this function is for its types. A module that cannot import it exports the plain function.
 *
 * @example
 * ```ts
 * import { trainProgram } from "@kindred/trainer";
 *
 * export default trainProgram((kindred) => ({ loss: kindred.matryoshka(kindred.contrastive(), [256, 64]) }));
 * ```
 */
export function trainProgram(program: TrainProgram): TrainProgram {
  return program;
}

/** Where a program is: its module, for every thread to import; or a function, for a run in this thread alone. */
export type ProgramSource = TrainProgram | URL;

/** Of each part: the options that say the same, and a check that throws unless a value is that part. */
const partTable: { readonly [part in keyof TrainParts]-?: PartRule } = {
  loss: {
    options: ["loss", ...lossOptions, "matryoshka", "matryoshkaWeights"],
    check: expectLoss,
  },
  optimizer: {
    options: [
      "optimizer",
      "adamBeta1",
      "adamBeta2",
      "adamEpsilon",
      "weightDecay",
      "decay",
      "rates",
      "weightDecays",
      "layerDecay",
    ],
    check: (value, program) => {
      if (typeof value !== "function")
        throw noPart("optimizer", program, value, "a function of { learningRate } that gives an optimizer");
    },
  },
  families: {
    options: [],
    check: (value, program) => {
      const fits =
        Array.isArray(value) &&
        value.every((family) => typeOf(family, "open") === "function" && typeOf(family, "newConfig") === "function");
      if (!fits)
        throw noPart("families", program, value, "a list of { modelTypes, open(config, at), newConfig(sizes) }");
    },
  },
  sampler: {
    options: [...drawingOptions, "epochs"],
    check: (value, program) => {
      const rule = "a function of { sources, batchSize, key, cursor } that gives { next(), cursor(), close() }";
      if (typeof value !== "function") throw noPart("sampler", program, value, rule);
    },
  },
  readers: {
    options: [],
    check: (value, program) => {
      const fits = Array.isArray(value) && value.every((reader) => typeOf(reader, "read") === "function");
      if (!fits) throw noPart("readers", program, value, "a list of { read(event) }");
    },
  },
};

type PartRule = {
  readonly options: readonly (keyof TrainConfig)[];
  readonly check: (value: unknown, program: string) => unknown;
};

function noPart(part: keyof TrainParts, program: string, value: unknown, expected: string): ConfigError {
  return new ConfigError(`train: the ${part} of ${program} is none. Got ${shown(value)}, expected ${expected}.`, {
    program,
    part,
  });
}

function typeOf(value: unknown, key: string): string {
  return typeof value === "object" && value !== null ? typeof Reflect.get(value, key) : "nothing";
}

/**
 * The parts that a program gives, looked at; none without a program.
 *
 * @throws ConfigError if the module exports no function, or the function gives something that is no part of a run.
 *
 * @example
 * ```ts
 * import { loadProgram } from "@kindred/trainer";
 *
 * const { loss } = await loadProgram((kindred) => ({ loss: kindred.contrastive({ scale: 10 }) }));
 * loss?.name; // => "contrastive"
 * ```
 */
export async function loadProgram(source: ProgramSource | undefined): Promise<TrainParts> {
  if (source === undefined) return {};
  const name = source instanceof URL ? source.href : "the program";
  const program = source instanceof URL ? await defaultExport(source) : source;
  if (typeof program !== "function")
    throw new ConfigError(
      `train: ${name} exports no program. Got a default export of type ${typeof program}, expected export default (kindred) => ({ loss: … }).`,
      { program: name },
    );
  const parts: unknown = await program(library);
  expectParts(parts, name);
  return parts;
}

async function defaultExport(url: URL): Promise<unknown> {
  try {
    return (await import(/* @vite-ignore */ url.href)).default;
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new ConfigError(
      `train: the program cannot be imported. Got ${url.href}, ${reason}.`,
      { program: url.href },
      { cause },
    );
  }
}

function expectParts(parts: unknown, program: string): asserts parts is TrainParts {
  const known = Object.keys(partTable);
  if (typeof parts !== "object" || parts === null)
    throw new ConfigError(
      `train: ${program} gave no parts of a run. Got ${shown(parts)}, expected { ${known.join(", ")} }.`,
      { program },
    );
  for (const part of Object.keys(parts)) {
    if (known.includes(part)) continue;
    const nearest = nearestName(part, known);
    const advice = nearest === undefined ? `Expected one of ${known.join(", ")}.` : `Did you mean ${nearest}?`;
    throw new ConfigError(`train: ${program} gave an unknown part ${part}. ${advice}`, { program, part });
  }
  for (const [part, { check }] of Object.entries(partTable)) {
    const value: unknown = Reflect.get(parts, part);
    if (value !== undefined) check(value, program);
  }
}

function shown(value: unknown): string {
  return typeof value === "object" && value !== null ? `{ ${Object.keys(value).join(", ")} }` : typeof value;
}

/**
 * Refuses options that say what the program says.
 *
 * @param given names of the options that were given
 * @throws ConfigError naming the first of them, and the part
 *
 * @example
 * ```ts
 * import { refuseProgramOptions } from "@kindred/trainer";
 *
 * refuseProgramOptions({ readers: [] }, ["scale"]); // => undefined
 * ```
 */
export function refuseProgramOptions(parts: TrainParts, given: readonly string[]): void {
  for (const [part, { options }] of Object.entries(partTable)) {
    const option = Reflect.get(parts, part) === undefined ? undefined : options.find((name) => given.includes(name));
    if (option !== undefined)
      throw new ConfigError(
        `train: ${option} would have no effect, as the program sets the ${part}. Leave ${option} out, or set it in the program.`,
        { option, part },
      );
  }
}

/**
 * The loss of a run: the program's, or the one that the options say, cut by Matryoshka if they say so.
 *
 * @param dimension how long the model's vectors are. Without it a loss that must know is made for any
 * @throws ConfigError for options that the loss does not take, and values out of its range
 *
 * @example
 * ```ts
 * import { lossOf, trainConfig } from "@kindred/trainer";
 *
 * lossOf(trainConfig({ loss: "triplet", margin: 0.5 })).options; // => { distance: "euclidean", margin: 0.5 }
 * lossOf(trainConfig({ loss: "cosent", matryoshka: "384,128" })).name; // => "matryoshka"
 * ```
 */
export function lossOf(
  config: TrainConfig,
  { loss }: TrainParts = {},
  { dimension }: { readonly dimension?: number } = {},
): Loss {
  if (loss !== undefined) return loss;
  const { make, takes } = builtInLosses[config.loss];
  const given = { ...config, dimension };
  const chosen = takes.filter((option) => given[option] !== undefined && given[option] !== "");
  const made = make(Object.fromEntries(chosen.map((option) => [option, given[option]])) as LossChoice); // of the options' own types
  const [dimensions, weights] = [config.matryoshka, config.matryoshkaWeights].map((list) =>
    list.split(",").map(Number),
  );
  if (config.matryoshka === "" || dimensions === undefined) return made;
  const tooLong = dimensions.find((length) => length > (dimension ?? Infinity));
  if (tooLong !== undefined)
    throw new ConfigError(
      `train: the model's vectors are shorter than a length of matryoshka. Got ${dimensions.join(", ")}, expected at most ${dimension}.`,
      { dimensions, dimension },
    );
  return matryoshka(made, dimensions, config.matryoshkaWeights === "" ? undefined : weights);
}

/**
 * Refuses options of losses that the chosen one does not take.
 *
 * @throws ConfigError naming the option, and the losses that do
 */
export function refuseLossOptions(config: TrainConfig, where: string): void {
  const { takes } = builtInLosses[config.loss];
  const unused = lossOptions.find((option) => config[option] !== undefined && !takes.includes(option));
  const [problem, key] =
    unused !== undefined
      ? [`the loss ${config.loss} has no ${unused}`, unused]
      : config.matryoshka === "" && config.matryoshkaWeights !== ""
        ? ["there is no matryoshka whose weights these would be", "matryoshkaWeights" as const]
        : [undefined, "loss" as const];
  if (problem === undefined) return;
  const others = Object.entries(builtInLosses).flatMap(([name, other]) =>
    other.takes.some((option) => option === key) ? [name] : [],
  );
  const advice = others.length === 0 ? "" : `, or choose a loss that has it: ${others.join(", ")}`;
  throw new ConfigError(`${where}: ${problem}. Got ${key} ${JSON.stringify(config[key])}. Leave it out${advice}.`, {
    key,
    loss: config.loss,
  });
}

/**
 * The families of encoders of a run: the program's before Kindred's own.
 *
 * @example
 * ```ts
 * import { familiesOf } from "@kindred/trainer";
 *
 * familiesOf().flatMap(({ modelTypes }) => modelTypes).slice(0, 3); // => ["mpnet", "bert", "distilbert"]
 * ```
 */
export function familiesOf({ families = [] }: TrainParts = {}): readonly EncoderFamily[] {
  return [...families, ...ownFamilies];
}
