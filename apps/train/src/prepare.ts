import { rmdirSync } from "node:fs";
import { helpOptions, printAsked, readCommand } from "@kindred/command-line/node";
import { prepareReddit, type RedditLeftOut, type RedditProgress, type RedditReport } from "@kindred/datasets/node";
import { ConfigError, nearestName } from "@kindred/errors";
import { makeFolders } from "@kindred/files/node";
import { option, optionHelp } from "@kindred/options";
import { claimOldRun } from "@kindred/run-folder/node";
import * as v from "valibot";
import { progressLines } from "./progress-lines.ts";
import { manifest } from "./train-flags.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Every flag of `kindred-train prepare`. */
export const prepareFlags = {
  parentDepth: option(
    count,
    10,
    "Earlier comments of a row at most: the one that is answered, and context/0, context/1, … before it.",
  ),
  maxLength: option(count, 127, "The most characters of a comment; of earlier ones, where they are trimmed."),
  minLength: option(count, 9, "The fewest characters of a comment."),
  trainSplit: option(
    v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    0.9,
    "Share of the threads to train on, chosen by the MD5 of a thread's id; the others are for a test.",
  ),
  trainShards: option(count, 8, "Files of the training part. The original had 1000."),
  testShards: option(count, 1, "Files of the test part. The original had 100."),
  parts: option(v.pipe(count, v.maxValue(4096)), 256, "Parts into which threads are sorted on disk."),
  partMegabytes: option(
    v.pipe(v.number(), v.gtValue(0)),
    128,
    "Megabytes of comments in memory at once, as they lie on disk; each takes some six there. A larger part is cut; a thread that is larger by itself is left out.",
  ),
  json: option(v.boolean(), false, "Print the report as one line of JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ...helpOptions,
};

const help = () => `kindred-train prepare reddit DUMP… OUTPUT [options]

Makes training files of dumps of Reddit's comments (one JSON object a line; .zst, .gz or plain), by the rules
of PolyAI's data set: a comment and the one that it answers, both of 9 to 127 characters, neither
deleted; threads split into a training and a test part. OUTPUT then holds .jsonl.gz files, a
data_config.json to train on, and prepare_reddit.json, which says what became of every line.

  kindred-train prepare reddit RC_2015-*.zst reddit
  kindred-train reddit/data_config.json my-run --preset reddit-mpnet-base

Everything is streamed, over some 250 bytes on disk for each comment, in OUTPUT/.work. Cut off at any
moment, the same command goes on.

${optionHelp(prepareFlags)}
`;

/** Runs `kindred-train prepare`. */
export async function prepare(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand("kindred-train prepare", prepareFlags, argv);
  if (printAsked(flags, { help, manifest })) return;
  const [corpus, ...paths] = positionals;
  const [output, ...inputs] = paths.toReversed();
  if (corpus !== "reddit") {
    const nearest = nearestName(corpus ?? "", ["reddit"]);
    throw new ConfigError(
      `kindred-train prepare: no such corpus. Got ${corpus ?? "none"}, expected reddit.${nearest === undefined ? "" : " Did you mean reddit?"} See kindred-train prepare --help.`,
    );
  }
  if (output === undefined || inputs.length === 0)
    throw new ConfigError(
      `kindred-train prepare reddit: dumps and an output are missing. Got ${paths.join(" ") || "nothing"}, expected DUMP… OUTPUT. See kindred-train prepare --help.`,
    );
  const { json, quiet, ownNode: _own, help: _help, version: _version, ...options } = flags;
  makeFolders(output);
  const claim = claimOldRun(output);
  try {
    const onProgress = quiet ? undefined : progressLines(lineOf);
    const report = await prepareReddit(inputs.toReversed(), output, { ...options, signal, onProgress });
    if (!quiet) process.stderr.write(reportText(report, output));
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  } finally {
    claim.release();
    try {
      rmdirSync(output); // refused: nothing is left
    } catch {
      // it holds what was made, or what is to go on
    }
  }
}

function lineOf({ stage, done, total, comments }: RedditProgress): string {
  const what = { reading: "files read", grouping: "parts grouped", writing: "files written" }[stage];
  return `${done} of ${total} ${what}, ${comments.toLocaleString("en")} comments`;
}

/** Why lines give no row, in words. */
const reasons: { readonly [reason in keyof RedditLeftOut]-?: string } = {
  notJson: "are no JSON",
  incomplete: "lack id, link_id, parent_id, body, author or subreddit",
  repeatedId: "have the id of another one",
  withoutParent: "answer no comment that is there",
  loop: "answer each other in a circle",
  giantThread: "are of threads too large for memory (--part-megabytes)",
  tooLong: "are too long",
  deleted: "are deleted",
  tooShort: "are too short",
  parentTooLong: "answer one that is too long",
  parentDeleted: "answer one that is deleted",
  parentTooShort: "answer one that is too short",
};

function reportText({ lines, train, test, leftOut, giantThreads }: RedditReport, output: string): string {
  const counts = new Map<string, number | undefined>(Object.entries(leftOut));
  const number = (value: number) => value.toLocaleString("en");
  const left = Object.entries(reasons).flatMap(([reason, words]) => {
    const own = counts.get(reason);
    return own === undefined ? [] : [`  ${number(own)} ${words}`];
  });
  return [
    `${number(lines)} comments: ${number(train.rows)} rows to train on, ${number(test.rows)} for a test. Left out:`,
    ...left,
    ...(giantThreads.length > 0 ? [`  (threads ${giantThreads.join(", ")})`] : []),
    `Train on them: kindred-train ${output}/data_config.json`,
    "",
  ].join("\n");
}
