import type { ColumnRole, MemoryEstimate, Overlap, RowsLeftOut, TrainEvent } from "@kindred/trainer";

type Source = Extract<TrainEvent, { type: "data" }>["sources"][number];
type SourceRows = Extract<TrainEvent, { type: "rows" }>["sources"][number];

/** Of more files or tasks than these the screen has one line for all, and none for each; events and report have each. */
export const mostLines = 3;

/** What the files of a run hold: four lines each, or one line for many. */
export function sourceLines(sources: readonly Source[]): string[] {
  if (sources.length <= mostLines) return sources.flatMap(linesOfSource);
  const sum = (of: (source: Source) => number) => sources.reduce((total, source) => total + of(source), 0);
  const streamed = sources.filter(({ rows }) => rows === undefined).length;
  const rows = `${count(sum(({ rows }) => rows ?? 0))} rows${streamed === 0 ? "" : ` and ${streamed} streamed`}`;
  const byLength = [...sources].sort((a, b) => a.tokens.mean - b.tokens.mean);
  const [least, most] = [byLength[0], byLength.at(-1)];
  const tokens =
    least === undefined || most === undefined
      ? ""
      : `; tokens: mean from ${least.tokens.mean.toFixed(1)} (${least.name}) to ${most.tokens.mean.toFixed(1)} (${most.name})`;
  const truncated = Math.max(...sources.map(({ truncatedShare }) => truncatedShare));
  const [repeated, empty] = [sum(({ duplicateRows }) => duplicateRows), sum(({ emptyTexts }) => emptyTexts)];
  const left = leftOutText(leftOutOf(sources));
  return [
    `Data of ${sources.length} files: ${rows}, ${count(sum(({ heldOutRows }) => heldOutRows))} held out${left === "" ? "" : `, left out: ${left}`}${tokens}, ` +
      `at most ${(100 * truncated).toFixed(1)} % truncated; ${count(repeated)} rows repeat a text${empty === 0 ? "" : `; ${count(empty)} empty texts`}. Each of them: events.jsonl, or --json`,
  ];
}

function linesOfSource(source: Source): string[] {
  const { name, share, rows, heldOutRows, leftOut, columns, roles } = source;
  const { tokens, truncatedShare, duplicateRows, emptyTexts, example } = source;
  const size = rows === undefined ? "streamed rows" : `${count(rows)} rows`;
  const left = leftOutText(leftOut);
  return [
    `Data ${name}: ${size} of ${columns} texts, ${(100 * share).toFixed(0)} % of the draws, ${count(heldOutRows)} held out${left === "" ? "" : `; left out: ${left}`}`,
    `  columns: ${columnsText(roles)}`,
    `  tokens: mean ${tokens.mean.toFixed(1)}, median ${tokens.median}, 95 % at most ${tokens.p95}, longest ${tokens.longest}; ` +
      `${(100 * truncatedShare).toFixed(1)} % truncated; ${count(duplicateRows)} rows repeat a text${emptyTexts === 0 ? "" : `; ${count(emptyTexts)} empty texts`}`,
    `  first row: ${example.map((text) => `“${shortened(text)}”`).join("  →  ")}`,
  ];
}

/** What has become of the rows of files that not all rows were trained on of: a line each, or one for many. */
export function rowsLines(sources: readonly SourceRows[]): string[] {
  const told = sources.filter(({ leftOut }) => leftOutText(leftOut) !== "");
  const sum = (of: (source: SourceRows) => number) => told.reduce((total, source) => total + of(source), 0);
  const line = (name: string, { read, trained, waiting, leftOut }: Omit<SourceRows, "name">) =>
    `Rows of ${name}: ${count(read)} read, ${count(trained)} trained on, ${count(waiting)} waiting; left out: ${leftOutText(leftOut)}`;
  if (told.length <= mostLines) return told.map((source) => line(source.name, source));
  const [read, trained] = [sum((source) => source.read), sum((source) => source.trained)];
  return [
    line(`${told.length} files`, { read, trained, waiting: sum(({ waiting }) => waiting), leftOut: leftOutOf(told) }),
  ];
}

/** The rows that are left out of several files, by why. */
function leftOutOf(sources: readonly { readonly leftOut: RowsLeftOut }[]): RowsLeftOut {
  const all: { -readonly [reason in keyof RowsLeftOut]: RowsLeftOut[reason] } = {};
  for (const { leftOut } of sources)
    for (const reason of Object.keys(reasons) as (keyof RowsLeftOut)[])
      if (leftOut[reason] !== undefined) all[reason] = (all[reason] ?? 0) + leftOut[reason];
  return all;
}

function count(rows: number): string {
  return rows.toLocaleString("en");
}

/** Why rows are left out, in words. */
const reasons: { readonly [reason in keyof RowsLeftOut]-?: string } = {
  badLines: "bad lines",
  blankLines: "blank lines",
  repeatsHeldOut: "rows repeat a held-out query or pair",
  ownTextTwice: "rows hold one text twice",
  textOfBatch: "rows repeated a text of their batch",
  waitedTooLong: "rows waited too long for a batch without their texts",
  aloneWithLabel: "rows had no other of their label",
  lessThanBatch: "rows at the end were less than a batch",
  firstRow: "row at the beginning, thrown away as the original trainer did",
};

function leftOutText(leftOut: RowsLeftOut): string {
  const rows = new Map<string, number | undefined>(Object.entries(leftOut));
  return Object.entries(reasons)
    .flatMap(([reason, words]) => (rows.has(reason) ? [`${count(rows.get(reason) ?? 0)} ${words}`] : []))
    .join(", ");
}

/** On how much a run is made: `2 cores`, `1 device`. */
export function coresText({ config, cores }: Extract<TrainEvent, { type: "start" }>): string {
  return `${cores} ${config.backend === "xla" ? "device" : "core"}${cores === 1 ? "" : "s"}`;
}

/** A text of the data, cut where it is long. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The columns of a file with what they are taken for: `anchor (query), positive; unused: id`. */
export function columnsText(roles: readonly ColumnRole[]): string {
  const told = ({ role, name }: ColumnRole) => (name === undefined || name === role ? role : `${name} (${role})`);
  const used = roles.filter(({ role }) => role !== "unused").map(told);
  const unused = roles.flatMap(({ role, name }) => (role === "unused" && name !== undefined ? [name] : []));
  return `${used.join(", ")}${unused.length === 0 ? "" : `; unused: ${unused.join(", ")}`}`;
}

/** A line for each file that is evaluated on of which nothing is trained on, one for many; the others are warned of. */
export function overlapLines(overlaps: readonly Overlap[]): string[] {
  const names = [...new Set(overlaps.map(({ evaluation }) => evaluation))].filter((name) =>
    overlaps.every(({ evaluation, rows }) => evaluation !== name || rows === 0),
  );
  const whichOf = (name: string) => {
    const own = overlaps.filter(({ evaluation }) => evaluation === name);
    const compared = count(own.reduce((sum, { compared }) => sum + compared, 0));
    return own.every(({ all }) => all) ? `all ${compared} rows` : `the first ${compared} rows`;
  };
  const line = (name: string, which: string, of: string) =>
    `Compared ${name} with ${which} that are trained on: none repeats a query or a pair of ${of}`;
  const [first] = names;
  if (first === undefined || names.length <= mostLines) return names.map((name) => line(name, whichOf(name), "it"));
  return [line(`${names.length} files`, whichOf(first), "them")];
}

/** `1.2 GB (…)`, with what it is for. */
export function memoryText({ bytes, shared, weights, chunks, rows }: MemoryEstimate): string {
  const parts = [
    `${size(shared)} of weights, moments and gradients that cores share`,
    `${size(weights)} of their own weights`,
    `${size(chunks)} for chunks of --max-batch-tokens`,
    `${size(rows)} of rows`,
  ];
  return `${size(bytes)} (${parts.join(", ")})`;
}

/** What a rehearsal has found. */
export function estimateLines(event: Extract<TrainEvent, { type: "estimate" }>): string[] {
  const { steps, timedSteps, secondsPerStep, evaluations, secondsPerEvaluation, seconds } = event;
  const { memory, peakBytes, checkpointBytes } = event;
  const evaluating =
    evaluations === 0 ? "" : `, and ${evaluations} evaluations of ${secondsPerEvaluation.toFixed(1)} s`;
  const took = `${timedSteps === 1 ? "one step" : `the mean of ${timedSteps} steps`} that were made and thrown away`;
  const peak = peakBytes === undefined ? "" : `; these steps took ${size(peakBytes)} at most`;
  return [
    `Time: about ${duration(seconds)}: ${steps.toLocaleString("en")} steps of ${secondsPerStep.toFixed(2)} s, ${took}${evaluating}`,
    ...(memory === undefined && peak === ""
      ? []
      : [`Memory: ${memory === undefined ? "not derived" : `about ${size(memory.bytes)}, derived`}${peak}`]),
    `Disk: ${size(checkpointBytes)} a checkpoint`,
    "A dry run: nothing was written.",
  ];
}

function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e3).toFixed(0)} kB`;
}

/** Seconds in words: `2 h 5 min`, `3 min 20 s`, `7 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
