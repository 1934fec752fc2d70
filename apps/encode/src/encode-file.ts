import { writeToStream } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import type { OptionValues } from "@kindred/options";
import type { EncodeStreamOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import { jsonlForm, type VectorColumns, type VectorForm, vectorFormOf } from "@kindred/vector-files";
import { openVectorFile } from "@kindred/vector-files/node";
import { calibrate } from "./calibrate.ts";
import type { encodeFlags } from "./encode-flags.ts";
import { encodeRows, type EncodeRowsOptions, type WindowMark } from "./encode-rows.ts";
import { truncationNote } from "./encode-texts.ts";
import { inputRows, type InputRows } from "./input-rows.ts";
import { fileFacts, isDone, jobFacts, resultFacts } from "./job-facts.ts";
import { type Reporter, reporter } from "./progress.ts";
import { shardOf, shardPath } from "./shard.ts";

/** What a command line asks for. */
export type EncodeFileRequest = {
  readonly flags: OptionValues<typeof encodeFlags>;
  /** The texts of the command line, where there is no `--input`. */
  readonly texts: readonly string[];
  /** The model: as it is named, of one of the Hub with its commit, and a digest of its files. */
  readonly model: {
    readonly name: string;
    readonly revision: string | undefined;
    readonly sha256: () => Promise<string>;
  };
  /** Loads it, once it is certain that there is something to encode. */
  readonly load: () => Promise<SentenceEncoder>;
  readonly options: Omit<EncodeStreamOptions, "onProgress" | "from" | "windowTexts" | "precision">;
  /** Rows that are encoded together, written together, and done again after a kill. Default: 4096. */
  readonly windowRows?: number;
};

type Job = EncodeFileRequest & {
  readonly rows: InputRows;
  readonly report: Reporter;
  readonly windowRows: number;
};

/** Encodes the rows of `--input`, however many, or the texts of the command line, and writes their vectors as they come: to a file, or as lines on standard output. */
export async function encodeFile(request: EncodeFileRequest): Promise<void> {
  const { flags, texts, windowRows = 4096 } = request;
  const report = reporter({ quiet: flags.quiet, json: flags.json && flags.output !== "" });
  const rows = flags.input.length > 0 ? inputRows(flags.input, inputOptionsOf(flags)) : rowsOfTexts(texts);
  const job = { ...request, rows, report, windowRows };
  await (flags.output === "" ? toStandardOutput(job) : toFile(job));
}

function inputOptionsOf({ inputFormat, textField, idField, onBadRow }: EncodeFileRequest["flags"]) {
  return { inputFormat, textField, onBadRow, idField: idField === "" ? undefined : idField };
}

function rowsOfTexts(texts: readonly string[]): InputRows {
  async function* rows() {
    for (const text of texts) yield { text, id: null };
  }
  return { [Symbol.asyncIterator]: rows, bad: {}, share: 1 };
}

async function toStandardOutput(job: Job): Promise<void> {
  await using encoder = await job.load();
  const columns = await columnsOf(job, jsonlForm, encoder);
  const marks: WindowMark[] = [];
  const { rows, options } = await calibrated(job, encoder);
  job.report.begin();
  const { own } = await encodeRows(encoder, rows, { ...rowsOptions(job), options }, async (some, mark) => {
    await writeToStream(process.stdout, jsonlForm.piece(columns, some).bytes);
    marks.push(mark);
  });
  tellDone(job, { rows: own, own, truncated: truncatedIn(marks) });
}

async function toFile(job: Job): Promise<void> {
  const { flags, report } = job;
  const form = await vectorFormOf(flags.output, "--output");
  if (flags.idField !== "" && !form.holds.ids)
    throw new ConfigError(
      `--id-field: a ${form.ending} file holds vectors alone, row after row in the order of the input. Got ${flags.output}. Leave it out, or write .jsonl or .parquet.`,
    );
  const shard = flags.shard === "" ? undefined : shardOf(flags.shard, process.env);
  const output = shard === undefined ? flags.output : shardPath(flags.output, shard);
  const facts = await jobFacts(job, form, shard);
  if (!flags.overwrite && (await isDone(output, facts, job))) {
    report.say(`${output} is done already: the same model, options and rows.`);
    return report.event({ type: "done", output, already: true });
  }
  await using encoder = await job.load();
  const columns = await columnsOf(job, form, encoder);
  const { rows, options, ranges } = await calibrated(job, encoder);
  await using file = await openVectorFile(output, {
    ...{ form, columns, overwrite: flags.overwrite, listPieces: shard !== undefined, where: "--output" },
    signal: job.options.signal,
    onWait: (message) => report.say(message),
    job: { ...facts, ...ranges },
  });
  const after = file.found.mark as WindowMark | undefined; // written below, by this version or by one with the same job
  if (after !== undefined) report.say(`Going on behind ${file.found.rows.toLocaleString("en")} rows of ${output}.`);
  report.event({ type: "start", output, rows: file.found.rows });
  report.begin();
  let isWhole = false;
  try {
    const given = { ...rowsOptions(job), options, shard, after, before: file.found.rows };
    const { own, ...read } = await encodeRows(encoder, rows, given, file.write);
    const marks = file.marks as readonly WindowMark[];
    const input = { files: await fileFacts(flags.input), ...read };
    const { rows: written } = await file.finish(resultFacts(job, encoder.model, { marks, rows: job.rows, input }));
    isWhole = true;
    tellDone(job, { rows: written, own, truncated: truncatedIn(marks), output, dimension: columns.dimension });
  } finally {
    if (!isWhole && file.rows > 0)
      report.say(
        `Stopped: ${file.rows.toLocaleString("en")} rows are kept in ${output}.part. The same command goes on behind them.`,
      );
  }
}

/** What is told of rows that are encoded. */
type Done = {
  readonly rows: number;
  /** Those of this process. */
  readonly own: number;
  readonly truncated: number;
  readonly output?: string;
  readonly dimension?: number;
};

function tellDone({ rows: input, report }: Job, { rows, own, truncated, output, dimension }: Done): void {
  const seconds = report.seconds();
  const bad = Object.entries(input.bad);
  if (bad.length > 0)
    report.say(`Bad rows: ${bad.map(([reason, count]) => `${count.toLocaleString("en")} ${reason}`).join(", ")}.`);
  if (truncated > 0) report.say(truncationNote(truncated, rows).trimEnd());
  const speed = `${own} text${own === 1 ? "" : "s"} in ${seconds.toFixed(1)} s (${Math.round(own / seconds)} a second)`;
  report.say(`${speed}${output === undefined ? "" : ` → ${output}`}`);
  if (output === undefined) return;
  report.event({ type: "done", output, rows, dimension, truncated, badRows: { ...input.bad }, seconds });
}

function truncatedIn(marks: readonly WindowMark[]): number {
  return marks.reduce((sum, mark) => sum + mark.truncated, 0);
}

async function columnsOf(
  { flags, options }: Job,
  { holds }: VectorForm,
  encoder: SentenceEncoder,
): Promise<VectorColumns> {
  const { precision, idField } = flags;
  const { dimension } = await encoder.encode([], { ...options, precision });
  return { dimension, precision, ids: idField !== "" && holds.ids, texts: flags.texts && holds.texts };
}

function rowsOptions({ flags, rows, report, windowRows }: Job): Omit<EncodeRowsOptions, "options"> {
  const share = () => rows.share;
  const onProgress = (now: Parameters<Reporter["progress"]>[0]) => report.progress(now);
  return { precision: flags.precision, windowRows, share, onProgress, before: 0 };
}

/** The rows, and the options with the ranges of 8-bit numbers, where these are asked for: from a file, or from the first window of the rows. */
async function calibrated(job: Job, encoder: SentenceEncoder) {
  const { flags, options, rows, report, windowRows } = job;
  if (flags.precision !== "int8" && flags.precision !== "uint8") return { rows, options, ranges: {} };
  const sample =
    flags.calibration === ""
      ? undefined
      : inputRows([flags.calibration], { ...inputOptionsOf(flags), idField: undefined });
  const onWarning = (message: string) => report.say(message);
  const found = await calibrate(encoder, rows, { sample, windowRows, options, onWarning });
  const { minimum, maximum } = found.ranges;
  return {
    rows: found.rows,
    options: { ...options, ranges: found.ranges },
    ranges: { ranges: { minimum: [...minimum], maximum: [...maximum] } },
  };
}
