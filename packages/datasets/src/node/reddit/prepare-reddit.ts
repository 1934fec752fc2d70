import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError, DataError } from "@kindred/errors";
import { writeFileAtomic, writeFolderAtomic } from "@kindred/files/node";
import { gatherPart, type RedditLeftOut } from "./gather-part.ts";
import { countsName, type InputCounts, type InputFile, inputFiles, readInput } from "./read-dump.ts";
import { partName } from "./scatter.ts";
import { type ShardCounts, type WrittenPart, writePart, writeShards } from "./write-shards.ts";

/** Options of {@link prepareReddit}, and their values in the original. */
export type PrepareRedditOptions = {
  /** How many earlier comments a row has at most, the context among them. Default 10. */
  readonly parentDepth?: number;
  /** The most characters of a comment. Default 127. */
  readonly maxLength?: number;
  /** The fewest characters of a comment. Default 9. */
  readonly minLength?: number;
  /** Threads of the training part, as a share. Default 0.9. */
  readonly trainSplit?: number;
  /** Files of the training part, default 8; the original had 1000. */
  readonly trainShards?: number;
  /** Files of the test part, default 1; the original had 100 (and by a slip also 1000). */
  readonly testShards?: number;
  /** Parts into which threads are sorted on disk. Default 256. */
  readonly parts?: number;
  /** Megabytes of comments, as they lie on disk, that are in memory at once; each takes some six times as much there. Default 128. */
  readonly partMegabytes?: number;
  /** Told how far it is. */
  readonly onProgress?: ((progress: RedditProgress) => void) | undefined;
  /** Stops the work, which the same call goes on with. */
  readonly signal?: AbortSignal | undefined;
};

/** How far the work is: reading inputs, making rows of parts, or writing files; `done` of `total` of these, and comments read. */
export type RedditProgress = {
  readonly stage: "reading" | "grouping" | "writing";
  readonly done: number;
  readonly total: number;
  readonly comments: number;
};

/** What has become of every line of the inputs. */
export type RedditReport = {
  /** The options, all of them. */
  readonly settings: { readonly [name: string]: number };
  readonly inputs: readonly { readonly name: string; readonly bytes: number; readonly lines: number }[];
  /** Lines of all inputs: rows of both parts, and those left out. */
  readonly lines: number;
  readonly train: ShardCounts;
  readonly test: ShardCounts;
  readonly leftOut: RedditLeftOut;
  /** Some of the threads that were too large for memory. */
  readonly giantThreads: readonly string[];
};

const workName = ".work";
const reportName = "prepare_reddit.json";

/**
 * Makes training files of dumps of Reddit's comments, one JSON object a line, by the rules of the original data set: conversations of a thread
 * by `threadRows`, comments of 9 to 127 characters, a tenth of the threads kept for a test by their hash. Files may be of any size, in
 * any order, packed as .gz or .zst; a comment may come before the one that it answers, and in another file.
 *
 * `output` then holds `reddit_train-….jsonl.gz`, `reddit_test-….jsonl.gz`, a `data_config.json` of the first kind and `prepare_reddit.json`, the
 * report. Everything is streamed: comments go to parts on disk by a hash of their thread (about 250 bytes each), then each part is grouped in
 * memory, cut further where it is larger than `partMegabytes`. A thread that is too large by itself is left out, and counted.
 *
 * The same call goes on with work that was cut off at any moment, `kill -9` included, and gives the same bytes as if it had not been.
 * Where the original shuffles by random numbers, rows are ordered by a hash within their part.
 *
 * @throws ConfigError if the output holds something else, or was begun with other inputs or options; DataError for an input that is
 * missing or damaged, and if no line gives a row.
 * @see M. Henderson et al., A Repository of Conversational Datasets (2019)
 *
 * @example
 * ```ts ignore
 * import { prepareReddit } from "@kindred/datasets/node";
 *
 * const { train, leftOut } = await prepareReddit(["RC_2015-01.zst", "RC_2015-02.zst"], "reddit");
 * train.rows; // how many there are to train on
 * ```
 */
export async function prepareReddit(
  inputs: readonly string[],
  output: string,
  options: PrepareRedditOptions = {},
): Promise<RedditReport> {
  const { parentDepth = 10, maxLength = 127, minLength = 9, trainSplit = 0.9 } = options;
  const { trainShards = 8, testShards = 1, parts = 256, partMegabytes = 128, onProgress, signal } = options;
  const settings = { parentDepth, maxLength, minLength, trainSplit, trainShards, testShards, parts, partMegabytes };
  const files = await inputFiles(inputs);
  const work = join(resolve(output), workName);
  const finished = await finishedReport(output, { inputs: files, settings });
  if (finished !== undefined) {
    await rm(work, { recursive: true, force: true });
    return finished;
  }
  await openWork(output, work, { version: 1, inputs: files, settings });

  let comments = 0;
  const read: InputCounts[] = [];
  for (const [i, path] of inputs.entries()) {
    const folder = join(work, `input-${i}`);
    const tell = (more: number) =>
      onProgress?.({ stage: "reading", done: i, total: inputs.length, comments: comments + more });
    tell(0);
    if (!(await isThere(folder)))
      await writeFolderAtomic(folder, (temporary) => readInput(path, temporary, { parts, maxLength, tell, signal }));
    const counts = await readJson<InputCounts>(join(folder, countsName));
    read.push(counts);
    comments += counts.lines;
  }

  const written: WrittenPart[] = [];
  const shards = { trainShards, testShards, trainSplit };
  for (let part = 0; part < parts; part++) {
    onProgress?.({ stage: "grouping", done: part, total: parts, comments });
    signal?.throwIfAborted();
    const done = join(work, `rows-${part}.json`);
    const own = inputs.map((_, i) => join(work, `input-${i}`, partName(part)));
    if (!(await isThere(done))) {
      const there = [];
      for (const file of own) if (await isThere(file)) there.push(file);
      const leftOut: { -readonly [reason in keyof RedditLeftOut]: number } = {};
      const giants = new Set<string>();
      const pieces = gatherPart(there, {
        parentDepth,
        minLength,
        mostBytes: partMegabytes * 2 ** 20,
        scratch: join(work, "scratch"),
        leaveOut(reason, count, threadId) {
          leftOut[reason] = (leftOut[reason] ?? 0) + count;
          if (threadId !== undefined && giants.size < namedGiants) giants.add(threadId);
        },
      });
      const members = await writePart(join(work, `rows-${part}.gz`), pieces, { ...shards, signal });
      const whole: WrittenPart = { members, leftOut, giantThreads: [...giants] };
      await writeFileAtomic(done, JSON.stringify(whole));
    }
    written.push(await readJson<WrittenPart>(done));
    for (const file of own) await rm(file, { force: true }); // its rows are safe
  }

  onProgress?.({ stage: "writing", done: 0, total: 1, comments });
  const { train, test, entries } = await writeShards(output, { work, written, ...shards, signal });
  const leftOut = summed([...read.map(({ leftOut }) => leftOut), ...written.map(({ leftOut }) => leftOut)]);
  const report: RedditReport = {
    settings,
    inputs: files.map(({ name, bytes }, i) => ({ name, bytes, lines: read[i]?.lines ?? 0 })),
    lines: comments,
    train,
    test,
    leftOut,
    giantThreads: written.flatMap(({ giantThreads }) => giantThreads).slice(0, namedGiants),
  };
  if (train.rows + test.rows === 0)
    throw new DataError(
      { file: inputs.join(", ") },
      `prepareReddit: no line gives a row. Got ${comments} lines: ${JSON.stringify(leftOut)}. Expected comments of Reddit with id, link_id, parent_id, body, author and subreddit, and answers among them.`,
      { leftOut },
    );
  if (entries.length > 0)
    await writeFileAtomic(join(output, "data_config.json"), `${JSON.stringify(entries, null, 1)}\n`);
  await writeFileAtomic(join(output, reportName), `${JSON.stringify(report, null, 1)}\n`);
  await rm(work, { recursive: true });
  return report;
}

/** Giant threads that the report names. */
const namedGiants = 10;

/** The report of work that is done already, if it is the same. */
async function finishedReport(
  output: string,
  { inputs, settings }: { readonly inputs: readonly InputFile[]; readonly settings: RedditReport["settings"] },
): Promise<RedditReport | undefined> {
  const file = join(output, reportName);
  if (!(await isThere(file))) return undefined;
  const report = await readJson<RedditReport>(file);
  const [got, begun] = [
    JSON.stringify({ inputs, settings }),
    JSON.stringify({ inputs: report.inputs.map(({ name, bytes }) => ({ name, bytes })), settings: report.settings }),
  ];
  if (got === begun) return report;
  throw new ConfigError(
    `prepareReddit: ${output} holds what was made of other inputs or by other options. Got ${got}, it was made of ${begun}. Choose another output.`,
    { output },
  );
}

/** Begins work in a folder, or finds that the same work was begun there. */
async function openWork(output: string, work: string, manifest: object): Promise<void> {
  const names = await readdir(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new ConfigError(`prepareReddit: the output cannot be a folder (${error.message}). Choose another.`, {
      output,
    });
  });
  const others = names.filter((name) => !name.startsWith("."));
  const file = join(work, "manifest.json");
  const begun = await readFile(file, "utf8").catch(() => undefined);
  const text = JSON.stringify(manifest);
  if (begun === undefined) {
    if (others.length > 0)
      throw new ConfigError(
        `prepareReddit: the output is not empty. Got ${output} with ${others.length} entries. Choose another.`,
        { output },
      );
    await rm(work, { recursive: true, force: true }); // killed before it had begun
    await mkdir(work, { recursive: true });
    await writeFileAtomic(file, text);
  } else if (begun !== text)
    throw new ConfigError(
      `prepareReddit: ${output} was begun with other inputs or options. Got ${text}, begun with ${begun}. Give the same, or choose another output.`,
      { output },
    );
}

function summed(counts: readonly RedditLeftOut[]): RedditLeftOut {
  const sum: { [reason: string]: number } = {};
  for (const own of counts) for (const [reason, count] of Object.entries(own)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

async function readJson<Value>(file: string): Promise<Value> {
  return JSON.parse(await readFile(file, "utf8")) as Value; // this work wrote it
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
