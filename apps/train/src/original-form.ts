import { parseFlags } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { checkOptions, flagName, option } from "@kindred/options";
import { type TrainConfig, trainConfig, trainOptions, trainPresets } from "@kindred/trainer";
import * as v from "valibot";
import { trainFlags } from "./train-flags.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const length = v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(512));

/** The flags of the original script, with its defaults and under its names; a batch is a core's. */
const originalFlags = {
  model: option(v.string(), "nreimers/MiniLM-L6-H384-uncased", "Model to begin with."),
  steps: option(count, 2000, "Steps, and the schedule's horizon."),
  saveSteps: option(count, 10_000, "Steps between checkpoints."),
  batchSize: option(count, 64, "Pairs on each core."),
  maxLength: option(length, 128, "Tokens of a text."),
  maxLengthA: option(v.optional(length), undefined, "Of a first text."),
  maxLengthB: option(v.optional(length), undefined, "Of the others."),
  nprocs: option(count, 8, "Cores."),
  datasetsPerBatch: option(count, 2, "Data sets of a round."),
  scale: option(v.pipe(v.number(), v.gtValue(0)), 20, "Factor on similarities."),
  dataFolder: option(v.string(), "/data", "Where the files of the data_config lie."),
  pooling: option(v.picklist(["mean", "cls"]), "mean", "How token vectors become one."),
  normalize: option(v.boolean(), true, "--no_normalize: similarities are dot products."),
  warmupSteps: option(v.pipe(v.number(), v.integer(), v.minValue(0)), 500, "Steps of warm-up."),
};

/** What nobody calls so but the original: one of them makes a command line its own. */
const marks = ["steps", "nprocs", "datasetsPerBatch", "maxLength", "maxLengthA", "maxLengthB"] as const;

/** What the script took a few days later, and no run of the Reddit model was given. */
const later = ["--batch_size_triplets", "--no_data_streaming"];

/** What of the recipe a command line of this form may change: none of it changes a step. */
const free = ["stopAt", "saveTotalLimit", "evalSteps"];

/** The preset that the form's command lines stand on. */
export const originalPreset = "reddit-mpnet-base";

/** A command line of the original script in the words of ours. */
export type OriginalForm = {
  /** The preset that it stands on. */
  readonly preset: typeof originalPreset;
  /** The flags and options that it stands for, over the preset. */
  readonly given: { readonly [name: string]: unknown };
  readonly positionals: readonly [data: string, output: string];
  /** The same as a command of ours. */
  readonly command: string;
};

/**
 * The command line of the original script, `kindred-train data_config.json output --model … --steps … --nprocs 8`, as ours; undefined for one
 * that has none of the flags that only the original knows (`--steps`, `--nprocs`, `--datasets_per_batch`, `--max_length` and its like).
 *
 * There `--batch_size` is a core's, and what is not said is as the script had it. A flag of ours may stand beside, unless it says otherwise
 * than the recipe does.
 *
 * @throws ConfigError for what contradicts the recipe, another form of data, and a flag that came later
 * @see N. Reimers, se-pytorch-xla (2021), train_many_data_files_v2.py
 *
 * @example
 * ```ts ignore
 * originalForm(["data_config.json", "out", "--steps", "2000", "--nprocs", "4"])?.given.batchSize; // => 256
 * ```
 */
export function originalForm(argv: readonly string[]): OriginalForm | undefined {
  const end = argv.indexOf("--");
  const flags = argv.slice(0, end < 0 ? argv.length : end).map((word) => word.split("=", 1)[0] ?? word);
  const spellings = (name: string) => [flagName(name), flagName(name).replaceAll(/(?<=\w)-/g, "_"), `--${name}`];
  const mark = flags.find((flag) => marks.some((name) => spellings(name).includes(flag)));
  if (mark === undefined) return undefined;
  const tooLate = flags.find((flag) => later.includes(flag.replaceAll(/(?<=\w)-/g, "_")));
  if (tooLate !== undefined)
    throw refusal(
      `${tooLate} came to the original script after the Reddit model was trained. Leave it out; --row-order shuffle is how Kindred shuffles from the first pass on.`,
    );
  const { given, positionals } = parseFlags({ ...trainFlags, ...originalFlags }, argv);
  const asked = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(originalFlags, name)));
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(originalFlags, name)));
  const [data, output, ...rest] = positionals;
  if (data === undefined || output === undefined || rest.length > 0 || !data.endsWith(".json"))
    throw refusal(
      `${mark} is a flag of the original script, which takes a data_config.json and an output. Got ${positionals.join(" ") || "neither"}. In Kindred's own words it is --max-steps, --cores, --runs-per-round or --max-seq-length.`,
    );
  const form = optionsOf(checkOptions(originalFlags, asked, "kindred-train", { named: flagName }), others);
  expectAgreement(form, others, mark);
  const all = { ...form, ...others };
  return { preset: originalPreset, given: all, positionals: [data, output], command: commandOf([data, output], all) };
}

/** What the script's flags are in ours. */
function optionsOf(
  flags: { readonly [name in keyof typeof originalFlags]: (typeof originalFlags)[name]["default"] },
  others: { readonly [name: string]: unknown },
): Partial<TrainConfig> {
  const { model, steps, saveSteps, batchSize, nprocs, datasetsPerBatch: perRound, warmupSteps } = flags;
  const { maxLength, maxLengthA: first = maxLength, maxLengthB: second = maxLength, normalize } = flags;
  const global = batchSize * nprocs;
  if (global % perRound !== 0 || perRound > nprocs)
    throw refusal(
      `--datasets_per_batch does not fit the batch. Got ${perRound} and ${batchSize} pairs on each of ${nprocs} cores, expected a divisor of ${global}, at most ${nprocs}.`,
    );
  return {
    model,
    pooling: flags.pooling,
    normalize,
    similarity: normalize ? "cosine" : "dot",
    scale: flags.scale,
    maxSeqLength: Math.max(first, second),
    columnSeqLengths: first === second ? "" : `${first},${second}`,
    dataFolder: flags.dataFolder,
    batchSize: global,
    ...(others["backend"] === "xla" ? { devices: nprocs } : { cores: nprocs }),
    roundSteps: Math.floor(nprocs / perRound),
    runsPerRound: perRound,
    warmupSteps,
    // A run that ends before its warm-up does: the rates are those of a schedule that goes on.
    maxSteps: Math.max(steps, warmupSteps),
    stopAt: steps < warmupSteps ? steps : 0,
    saveSteps,
  };
}

/** Refuses a flag of ours that says otherwise than the script does. */
function expectAgreement(
  form: { readonly [name: string]: unknown },
  others: { readonly [name: string]: unknown },
  mark: string,
): void {
  const own = (["preset", "config", "resume"] as const).find((name) => others[name] !== undefined);
  if (own !== undefined)
    throw refusal(
      `${flagName(own)} brings a recipe, and so does the original form. Got both, by ${mark}. Leave one of them out.`,
    );
  const fixed: { readonly [name: string]: unknown } = { ...trainPresets[originalPreset], ...form };
  for (const [name, value] of Object.entries(others)) {
    const isFree = free.includes(name) && !(name === "stopAt" && form["stopAt"] !== 0);
    if (isFree || !Object.hasOwn(fixed, name) || fixed[name] === value) continue;
    throw refusal(
      `${flagName(name)} ${String(value)} contradicts the original form, in which it is ${String(fixed[name])} (${mark} makes it that). Leave it out, or write the command in Kindred's own words: ${commandOf([], form)}`,
    );
  }
}

function refusal(message: string): ConfigError {
  return new ConfigError(`kindred-train: ${message}`);
}

/** The command of ours that gives the same configuration. */
function commandOf(positionals: readonly string[], given: { readonly [name: string]: unknown }): string {
  const preset: { readonly [name: string]: unknown } = trainConfig({}, { preset: originalPreset });
  const words = Object.entries(given).flatMap(([name, value]): string[] => {
    const known = Object.hasOwn(trainOptions, name) ? preset[name] : Reflect.get(trainFlags, name)?.default;
    // Of a short run a warm-up that is not said is a tenth.
    const isSaid = name === "warmupSteps" && Number(value) > Number(given["maxSteps"]) / 2;
    if (JSON.stringify(value) === JSON.stringify(known) && !isSaid) return [];
    const flag = flagName(name);
    if (typeof value === "boolean") return [value ? flag : flag.replace("--", "--no-")];
    return (Array.isArray(value) ? value : [value]).flatMap((one) => [flag, quoted(String(one))]);
  });
  return ["kindred-train", ...positionals.map(quoted), "--preset", originalPreset, ...words].join(" ");
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
