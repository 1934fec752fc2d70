import { readdirSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { checkOutputFile, readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { option, optionHelp } from "@kindred/options";
import { vectorFormOf } from "@kindred/vector-files";
import { mergeVectorFiles } from "@kindred/vector-files/node";
import * as v from "valibot";
import { reporter } from "./progress.ts";
import { shardPath } from "./shard.ts";

const mergeFlags = {
  overwrite: option(v.boolean(), false, "Replace an OUTPUT that is there and is another."),
  json: option(v.boolean(), false, "Print an event as JSON on standard output when it is done."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  help: option(v.boolean(), false, "Print this."),
};

const help = `kindred-encode merge OUTPUT [options]

Joins what kindred-encode --output OUTPUT --shard 0/4 … --shard 3/4 have written beside OUTPUT to the one file that a run without shards
writes, byte for byte. The shards stay.

  kindred-encode merge vectors.npy        joins vectors-00000-of-00004.npy … vectors-00003-of-00004.npy

${optionHelp(mergeFlags)}
`;

/** Runs `kindred-encode merge`. */
export async function merge(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand("kindred-encode merge", mergeFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  const [output] = positionals;
  if (output === undefined || positionals.length > 1)
    throw new ConfigError(
      `kindred-encode merge: expected one OUTPUT, the name that the shards were given as --output. Got ${positionals.length} arguments. See kindred-encode merge --help.`,
    );
  const form = await vectorFormOf(output, "kindred-encode merge");
  checkOutputFile("kindred-encode merge", output);
  const report = reporter(flags);
  const shards = shardsOf(output);
  const sums = ["truncated", "distinctTexts"];
  const { rows, already } = await mergeVectorFiles(output, shards, {
    ...{ form, sums, signal, overwrite: flags.overwrite, where: "kindred-encode merge" },
  });
  const what = `${rows.toLocaleString("en")} rows of ${shards.length} shards`;
  report.say(already ? `${output} is done already: ${what}.` : `${what} → ${output}`);
  report.event({ type: "done", output, rows, shards: shards.length, ...(already && { already }) });
}

/** The files of an output's shards, in their order, all of which have to be there. */
function shardsOf(output: string): string[] {
  const stem = basename(output, extname(output));
  const folder = dirname(output);
  const counts = new Set<number>();
  for (const name of readdirSync(folder)) {
    const [, of] = /^-\d{5}-of-(\d{5})(\..*)$/.exec(name.slice(stem.length)) ?? [];
    if (of !== undefined && name.startsWith(stem) && name.endsWith(`${of}${extname(output)}`)) counts.add(Number(of));
  }
  const [of] = counts;
  if (of === undefined)
    throw new ConfigError(
      `kindred-encode merge: there are no shards of ${output}. Expected ${basename(shardPath(output, { index: 0, of: 4 }))} and its like beside it.`,
    );
  if (counts.size > 1)
    throw new ConfigError(
      `kindred-encode merge: there are shards of several runs. Got runs of ${[...counts].join(" and ")} shards of ${output}. Move those of all but one away.`,
    );
  return Array.from({ length: of }, (_, index) => join(folder, basename(shardPath(output, { index, of }))));
}
