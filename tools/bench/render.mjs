// Results as text: a line for the terminal, docs/benchmarks.md for readers.

/** @typedef {import("./run-case.mjs").Result} Result */
/** @typedef {import("./row.mjs").Row} Row */

/**
 * A result on one line.
 *
 * @param {Result} result
 * @param {{ judged?: boolean }} options judged: say whether the floor is met; not so in a smoke run
 */
export function tableLine(result, { judged = true } = {}) {
  const { id, ratio, spread, floor, unit, us, peer, threads, runs } = result;
  const head = `${id.padEnd(20)} ${result.case}`.padEnd(60);
  if (ratio === null) return `${head} – ${peer}: ${result.note}`;
  const [least = 0, most = 0] = spread?.ratio ?? [];
  const verdict = floor === null ? "for information" : `floor ${floor}: ${ratio >= floor ? "met" : "NOT MET"}`;
  return [
    `${head} ${number(result.ours)} ${unit} (${us}) : ${number(result.theirs)} (${peer})`,
    `= ${number(ratio)} [${number(least)}–${number(most)}]`,
    judged ? verdict : "smoke run",
    `${plural(threads, "thread")}, ${plural(runs, "run")}`,
  ].join("; ");
}

/**
 * docs/benchmarks.md.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Result[]} results
 */
export function renderResults(rows, results) {
  const [first] = results;
  return `# Benchmarks

Kindred beside others that do the same work, measured by \`npx nx run bench\` on ${first?.machine ?? "no machine yet"}, Node ${first?.node ?? "–"}.
This page is written by that command.

Both sides of a line run in one go, each in a process of its own, turn by turn with the same inputs, after a warm-up that lasts until engines have replaced
their first code; reading results back is within the time on both sides, and what both computed is compared before anything is timed. A
number is the median of its runs with the smallest and largest; the ratio is that of the medians, above 1 where Kindred is better, with the smallest
and largest of the runs' own ratios. "Wide" is Kindred with V8's 256-bit pairing, the default of its commands on Node 24.

${table(results)}

${bounds(rows, results)}## What each line does

${rows.map((row) => `**\`${row.id}\`**${row.byHand ? " (by hand, with `--python`)" : ""}: ${row.work}. ${row.how}`).join("\n\n")}

## To measure again

\`\`\`sh
npx nx run bench                           # every line; installs the peers from their own lockfile first
npx nx run bench -- --only encode,layer    # some lines; the others keep their results
npx nx run bench -- --quick                # a smoke run, part of npm test
npx nx run bench -- --against ../old        # this checkout against another one, row by row, interleaved
npx nx run bench -- --only tokenizer-rust --python venv/bin/python
\`\`\`

Results with every run's spread, thread counts and versions are in \`dist/bench/results.json\`.
`;
}

/**
 * What is known about lines below their floor.
 *
 * @param {readonly Row[]} rows
 * @param {readonly Result[]} results
 */
function bounds(rows, results) {
  const missed = results.filter(({ ratio, floor }) => floor !== null && ratio !== null && ratio < floor);
  const ids = new Set(missed.map(({ id }) => id));
  if (ids.size === 0) return "";
  const reasons = rows
    .filter(({ id }) => ids.has(id))
    .map(({ id, bound }) => `**\`${id}\`**: ${bound ?? "not explained yet."}`);
  return `## What bounds the lines below their floor\n\n${reasons.join("\n\n")}\n\n`;
}

/** @param {readonly Result[]} results */
function table(results) {
  const head = ["id", "case", "Kindred", "other", "unit", "ratio", "floor", "threads, runs"];
  const lines = results.map((result) => {
    const { id, ratio, floor, unit, us, peer, spread, threads, runs } = result;
    if (ratio === null)
      return [`\`${id}\``, result.case, "–", `${peer}: ${result.note}`, unit, "–", mark(ratio, floor), `${threads}, –`];
    return [
      `\`${id}\``,
      result.case,
      `${number(result.ours)} (${range(spread?.ours)}) ${us.replace("Kindred, ", "")}`,
      spread?.theirs === null ? peer : `${number(result.theirs)} (${range(spread?.theirs)}) ${peer}`,
      unit,
      `**${number(ratio)}** (${range(spread?.ratio)})`,
      mark(ratio, floor),
      `${threads}, ${runs}`,
    ];
  });
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** @param {number | null} ratio @param {number | null} floor */
function mark(ratio, floor) {
  if (floor === null) return "";
  return ratio === null ? `${floor}` : `${floor} ${ratio >= floor ? "✓" : "✗"}`;
}

/** @param {[number, number] | undefined} range */
function range(range) {
  return range === undefined ? "–" : range.map(number).join("–");
}

/** Three digits that count. @param {number | null} value */
function number(value) {
  if (value === null) return "–";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();
}

/** @param {number} count @param {string} what */
function plural(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
