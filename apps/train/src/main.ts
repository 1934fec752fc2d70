import { fileURLToPath, pathToFileURL } from "node:url";
import { exitCodeOf, machineOptions, parseFlags, printAsked } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { bringModels } from "@kindred/hub/node";
import { checkOptions, flagName } from "@kindred/options";
import { expectNotInUse, newestRun, readRunConfig, type ResumePoint, resumePoint } from "@kindred/run-folder/node";
import { terminalReader } from "@kindred/run-report";
import { guideFolders, type TrainConfig, type TrainEvent, trainConfig, trainOptions } from "@kindred/trainer";
import { train } from "./train.ts";
import { manifest, originalFlag, trainFlags, trainHelp } from "./train-flags.ts";

/** Runs `kindred-train` with these arguments and gives its exit code. */
export function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  return exitCodeOf((signal) => {
    const chosen = Object.entries(commands).find(([name]) => name === command);
    return chosen === undefined ? run(argv, signal) : chosen[1](rest, signal);
  });
}

type Command = (argv: readonly string[], signal: AbortSignal) => Promise<void>;

/** The commands beside training itself; each is loaded when it is asked for. */
const commands: { readonly [name: string]: Command } = {
  gradients: async (argv) => (await import("./gradients.ts")).gradients(argv),
  prepare: async (argv, signal) => (await import("./prepare.ts")).prepare(argv, signal),
  mine: async (argv, signal) => (await import("./mine.ts")).mine(argv, signal),
  "distill-static": async (argv, signal) => (await import("./distill-static.ts")).distillStatic(argv, signal),
  distill: async (argv, signal) => (await import("./distill/command.ts")).distillCommand(argv, signal),
};

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const isOriginal = argv.some((word) => originalFlag.test(word));
  const original = isOriginal ? (await import("./original-form.ts")).originalForm(argv) : undefined;
  const { given: flagsGiven, positionals } = original ?? parseFlags(trainFlags, argv, { optionalValue: ["resume"] });
  const inOurs = original === undefined ? flagsGiven : { ...flagsGiven, preset: original.preset };
  const flags = checkOptions(trainFlags, inOurs, "kindred-train", { named: flagName });
  if (printAsked(flags, { help: trainHelp, manifest })) return;
  if (original !== undefined && !flags.quiet)
    process.stderr.write(`The original's form. Same as: ${original.command}\n`);
  const runOptions = Object.fromEntries(
    Object.entries(flagsGiven).filter(([name]) => Object.hasOwn(trainOptions, name)),
  );
  const { config, resume } =
    flags.resume === undefined
      ? newRun(runOptions, positionals, flags)
      : await oldRun(flags.resume, runOptions, positionals, flags);
  const { folders, bring } = bringModels({
    offline: flags.offline,
    signal,
    sink: flags.quiet ? undefined : process.stderr,
  });
  const model = config.model === "" || resume !== undefined ? config.model : await bring(config.model);
  const bringIfNamed = async (name: string) => (name === "" ? "" : bring(name));
  const [guide, teacher] = [await bringIfNamed(config.guide), await bringIfNamed(config.teacher)];
  const guides: string[] = [];
  for (const [name, folder] of Object.entries(guideFolders({ ...config, guide: "", teacher: "" })))
    guides.push(`${name}=${await bring(folder)}`);
  const readers = [
    ...(flags.quiet ? [] : [terminalReader(process.stderr)]),
    ...(flags.json ? [{ read: printJson }] : []),
  ];
  const asked = {
    ...(resume === undefined ? {} : { resume }),
    ...(flags.preset === "" ? {} : { name: flags.preset }),
    ...(flags.program === "" ? {} : { program: pathToFileURL(flags.program) }),
    dryRun: flags.dryRun,
    plugin: flags.plugin,
    compileCache: flags.compileCache,
  };
  const given = Object.keys(runOptions);
  const named = { ...config, model, guide, teacher, guides };
  for await (const _ of train(named, { signal, readers, given, folders, ...asked }));
}

function newRun(
  given: { readonly [name: string]: unknown },
  positionals: readonly string[],
  { preset, config }: { preset: string; config: string },
) {
  const [data, output, ...rest] = positionals;
  if (rest.length > 0)
    throw new ConfigError(
      `kindred-train: too many arguments. Got ${positionals.length}, expected DATA and OUTPUT. See --help.`,
    );
  const named = { ...(data === undefined ? {} : { data }), ...(output === undefined ? {} : { output }) };
  const fromFile = config === "" ? {} : optionsOfFile(config);
  const quickstartData = preset === "quickstart" ? { data: presetData() } : {};
  const base = { ...quickstartData, revectorize: trainFlags.revectorize.default, ...fromFile };
  return { config: trainConfig({ ...given, ...named }, { preset, base, where: "kindred-train" }), resume: undefined };
}

/** A run that goes on: its own configuration, with what the command line changes of it. */
async function oldRun(
  run: string,
  given: { readonly [name: string]: unknown },
  positionals: readonly string[],
  flags: { preset: string; config: string },
): Promise<{ config: TrainConfig; resume: ResumePoint }> {
  if (flags.preset !== "" || flags.config !== "") {
    throw new ConfigError(
      "kindred-train: --resume takes its configuration from the run. Leave --preset and --config out; single options may be changed.",
    );
  }
  if (positionals.length > 0)
    throw new ConfigError(
      `kindred-train: --resume takes its data from the run. Got also ${positionals[0]}. Leave it out.`,
    );
  const output = run === "" ? await newestRun("runs") : run;
  expectNotInUse(output);
  const base = { ...optionsOfFile(output), output };
  const config = trainConfig(given, { base, where: "kindred-train --resume" });
  const resume = await resumePoint(output);
  for (const message of resume.damaged)
    process.stderr.write(`warning: ${message} Going on from ${resume.folder}, the checkpoint before it.\n`);
  return { config, resume };
}

/** The options of a file or of a run's folder: whatever would be run as native code is not for a file to name. */
function optionsOfFile(path: string): { readonly [name: string]: unknown } {
  const options = readRunConfig(path);
  const refused = Object.keys(machineOptions).find((name) => Object.hasOwn(options, name));
  if (refused === undefined) return options;
  throw new ConfigError(
    `kindred-train: ${refused} is not taken from a file, as what it names is run as native code. Got it in ${path}. Take it out, and give ${flagName(refused)} on the command line.`,
    { key: refused },
  );
}

function presetData(): string {
  return fileURLToPath(new URL("../presets/quickstart/data_config.json", import.meta.url));
}

function printJson(event: TrainEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
