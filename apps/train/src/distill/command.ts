import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFlags } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { bringModels } from "@kindred/hub/node";
import { checkOptions, flagName } from "@kindred/options";
import { terminalReader } from "@kindred/run-report";
import { distill, type DistillConfig, type DistillEvent } from "./distill.ts";
import { distillFlags, distillHelp, distillOwnOptions, distillTrainOptions } from "./distill-options.ts";

/** Runs `kindred-train distill`. */
export async function distillCommand(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { given, positionals } = parseFlags(distillFlags, argv);
  const flags = checkOptions(distillFlags, given, "kindred-train distill", { named: flagName });
  if (flags.help) return void process.stdout.write(distillHelp());
  const isResumed = flags.resume !== "";
  const training = Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(distillTrainOptions, name)),
  );
  const own = Object.fromEntries(Object.entries(flags).filter(([name]) => Object.hasOwn(distillOwnOptions, name)));
  const config = isResumed
    ? resumedConfig(flags.resume, { given, training, positionals })
    : newConfig(own as Omit<DistillConfig, "output" | "training">, {
        output: flags.output,
        training: { revectorize: true, ...training },
        positionals,
      }); // its table's own values
  const { folders, bring } = bringModels({
    offline: flags.offline,
    signal,
    sink: flags.quiet ? undefined : process.stderr,
  });
  const teacher = await bring(config.teacher);
  const terminal = flags.quiet ? undefined : terminalReader(process.stderr);
  const progress = progressLines(process.stderr);
  for await (const event of distill({ ...config, teacher }, { signal, resume: isResumed, folders })) {
    if (flags.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    if (terminal === undefined) continue;
    const line = lineOf(event);
    if (line !== undefined) progress(line, event.type === "teacher" && event.done < event.total);
    else await terminal.read(event as Parameters<typeof terminal.read>[0]); // what has no line here is training's
  }
}

type Parsed = { readonly training: DistillConfig["training"]; readonly positionals: readonly string[] };

function newConfig(
  own: Omit<DistillConfig, "output" | "training">,
  { output, training, positionals }: Parsed & { readonly output: string },
): DistillConfig {
  const texts = output === "" ? positionals.slice(0, -1) : positionals;
  const named = output === "" ? (positionals.at(-1) ?? "") : output;
  const all = [...own.texts, ...texts];
  if (all.length === 0 || named === "")
    throw new ConfigError(
      `kindred-train distill: too few arguments. Got ${positionals.join(" ") || "none"}, expected TEXTS… and OUTPUT. See kindred-train distill --help.`,
    );
  return { ...own, texts: all, output: named, training };
}

/** A distillation that goes on: its own configuration, with what the command line changes of its training. */
function resumedConfig(
  output: string,
  { given, training, positionals }: Parsed & { readonly given: object },
): DistillConfig {
  const own = Object.keys(given).find((name) => Object.hasOwn(distillOwnOptions, name));
  if (own !== undefined || positionals.length > 0)
    throw new ConfigError(
      `kindred-train distill: --resume takes texts, teacher and student from the distillation. Got also ${own === undefined ? positionals[0] : flagName(own)}. Leave it out.`,
    );
  const file = join(output, "distill.json");
  let stored: { readonly config?: DistillConfig };
  try {
    stored = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${file}: cannot be read as a distillation: ${reason}.`, { file }, { cause });
  }
  if (stored.config === undefined) throw new ConfigError(`${file}: holds no distillation. Begin a new one.`, { file });
  return { ...stored.config, output, training: { ...stored.config.training, ...training } };
}

/** In a file, progress is a line every so many milliseconds; on a terminal a line that changes. */
const fileEveryMs = 60_000;

/** Writes lines, those of progress one over the other. */
function progressLines(sink: NodeJS.WriteStream) {
  let [isShown, next] = [false, 0];
  return (line: string, isProgress: boolean) => {
    if (isProgress && !sink.isTTY) {
      if (performance.now() < next) return;
      next = performance.now() + fileEveryMs;
    }
    sink.write(`${isShown ? "\r\u001b[K" : ""}${line}${isProgress && sink.isTTY ? "" : "\n"}`);
    isShown = isProgress && sink.isTTY;
  };
}

/** An event of a distillation in a line; undefined for those of its training. */
function lineOf(event: DistillEvent): string | undefined {
  const count = (value: number) => Math.round(value).toLocaleString("en");
  switch (event.type) {
    case "texts":
      return `Texts: ${count(event.count)} to learn, ${count(event.heldOut)} held out; ${count(event.repeated)} repeated and ${count(event.empty)} empty ones left out`;
    case "teacher": {
      const { name, done, total, textsPerSecond, tokensPerSecond, secondsLeft } = event;
      const tokens = tokensPerSecond === 0 ? "" : `  ${count(tokensPerSecond)} tokens/s`; // known once a shard is whole
      const rates =
        textsPerSecond === 0 ? "all found" : `${count(textsPerSecond)} texts/s${tokens}  ${duration(secondsLeft)} left`;
      return `Teacher ${name}: ${count(done)} of ${count(total)} texts  ${rates}`;
    }
    case "student": {
      const words =
        event.wordsKept === undefined
          ? ""
          : `; words keep ${(100 * event.wordsKept).toFixed(0)} % of the teacher's variance`;
      return `Student: ${event.description}, ${count(event.parameters)} parameters${words}`;
    }
    case "warning":
      return event.message;
    default:
      return undefined;
  }
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 1 ? `${Math.round(seconds)} s` : minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
