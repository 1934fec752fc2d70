import { printAsked, readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { bringModels } from "@kindred/hub/node";
import { flagName } from "@kindred/options";
import { terminalReader } from "@kindred/run-report";
import { manifest } from "../train-flags.ts";
import { distill, type DistillEvent } from "./distill.ts";
import { distillConfig, readDistillConfig } from "./distill-config.ts";
import { distillFlags, distillHelp, distillOwnOptions, distillTrainOptions } from "./distill-options.ts";

const where = "kindred-train distill";

/** Runs `kindred-train distill`. */
export async function distillCommand(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { given, flags, positionals } = readCommand(where, distillFlags, argv);
  if (printAsked(flags, { help: distillHelp, manifest })) return;
  const options = Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn({ ...distillOwnOptions, ...distillTrainOptions }, name)),
  );
  const isResumed = flags.resume !== "";
  const config = isResumed
    ? readDistillConfig(flags.resume, positionals.length > 0 ? { ...options, texts: positionals } : options, where)
    : newConfig(options, positionals);
  const { offline, quiet, plugin, compileCache } = flags;
  const { folders, bring } = bringModels({ offline, signal, sink: quiet ? undefined : process.stderr });
  const teacher = await bring(config.teacher);
  const terminal = quiet ? undefined : terminalReader(process.stderr);
  const progress = progressLines(process.stderr);
  const asked = { signal, resume: isResumed, folders, plugin, compileCache };
  for await (const event of distill({ ...config, teacher }, asked)) {
    if (flags.json) process.stdout.write(`${JSON.stringify(event)}\n`);
    if (terminal === undefined) continue;
    const line = lineOf(event);
    if (line !== undefined) progress(line, event.type === "teacher" && event.done < event.total);
    else await terminal.read(event as Parameters<typeof terminal.read>[0]); // what has no line here is training's
  }
}

/** A new distillation: the words of the command line are its texts, and its output last. */
function newConfig(
  { texts = [], output, ...others }: { readonly [name: string]: unknown },
  positionals: readonly string[],
) {
  const named = output ?? positionals.at(-1);
  const all = [...(texts as string[]), ...(output === undefined ? positionals.slice(0, -1) : positionals)]; // a list, by its flag
  if (all.length === 0 || named === undefined)
    throw new ConfigError(
      `${where}: too few arguments. Got ${positionals.join(" ") || "none"}, expected TEXTS… and OUTPUT. See ${where} --help.`,
    );
  return distillConfig({ revectorize: true, ...others, texts: all, output: named }, { where, named: flagName });
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
