// The benchmark: `npx nx run bench`. Races Kindred with others, prints the table, and writes dist/bench/results.json and
// docs/benchmarks.md. `--quick` does every row on tiny work and only says whether it ran: a check of `npm test`.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installPeers } from "../install-peers.mjs";
import { root, run, underChosenNode } from "../node-runtime.mjs";
import { writeCounts } from "../results.mjs";
import { isSlower, raceAgainst } from "./against.mjs";
import { CannotError } from "./contestant.mjs";
import { machineName } from "./machine.mjs";
import { parseOptions, usage } from "./options.mjs";
import { renderResults, tableLine } from "./render.mjs";
import { mergeResults, readResults, writeResults } from "./results.mjs";
import { rows } from "./rows.mjs";
import { runCase } from "./run-case.mjs";

await underChosenNode();
const ids = rows.map(({ id }) => id);
const options = parseOptions(process.argv.slice(2), ids);
if (options.help) {
  console.log(usage);
  process.exit();
}
const { scale, only, python, cpuTime, against, rounds } = options;
const chosen = rows.filter(({ id }) => only === undefined || only.includes(id));
if (against !== undefined) {
  console.log(`${root} against ${against} · ${machineName()} · Node ${process.versions.node} · ${scale}`);
  const { verdicts, failed } = await raceAgainst(resolve(against), chosen, { scale, rounds, cpuTime });
  const slower = scale === "quick" ? [] : verdicts.filter(isSlower);
  console.log(`${verdicts.length} races, ${slower.length} of them slower than before, ${failed} failed`);
  process.exit(slower.length + failed === 0 ? 0 : 1);
}
const keeps = scale !== "quick" && !cpuTime;
const check = scale === "quick" && only === undefined;
if (check) writeCounts("bench-quick");
const counts = { passed: 0, failed: 0, skipped: 0 };
const peers = fileURLToPath(new URL("peers", import.meta.url));
if (!(await installPeers(peers))) console.error("The peers could not be installed; rows that need one will say so.");

const machine = machineName();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
console.log(`Kindred ${version} · ${machine} · Node ${process.versions.node} · ${scale}`);
/** @type {import("./run-case.mjs").Result[]} */
const fresh = [];
for (const row of chosen) {
  if (row.byHand && python === undefined) {
    console.log(`${row.id}: by hand, with --python`);
    counts.skipped += 1;
    continue;
  }
  try {
    const results = [];
    for (const comparison of await row.cases(scale, { python })) {
      // One turn of warm-up, so that the two sides are compared in a smoke run too.
      const light = scale === "quick" ? { rounds: 1, warmUpSeconds: comparison.warmUpSeconds === 0 ? 0 : 1e-9 } : {};
      const result = await runCase(row, { ...comparison, ...light }, { machine, cpuTime });
      console.log(tableLine(result, { judged: scale !== "quick" }));
      results.push(result);
    }
    fresh.push(...results);
    counts[results.some(({ ratio }) => ratio === null) ? "skipped" : "passed"] += 1;
    // After each row: a long run that is stopped keeps what it has.
    if (keeps) writeResults(mergeResults(readResults(), fresh, ids));
  } catch (error) {
    const cannot = error instanceof CannotError;
    counts[cannot ? "skipped" : "failed"] += 1;
    console.error(`${row.id}: ${cannot ? error.message : error instanceof Error ? error.stack : error}`);
  }
}

if (check) writeCounts("bench-quick", counts);
if (keeps) {
  const results = readResults();
  const page = join(root, "docs", "benchmarks.md");
  writeFileSync(page, renderResults(rows, results));
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  await run(process.execPath, [biome, "format", "--write", page], { stdio: "ignore" });
  console.log(`\n${results.map((result) => tableLine(result)).join("\n")}`);
}
console.log(`${counts.passed} rows ran, ${counts.failed} failed, ${counts.skipped} did not run`);
process.exitCode = counts.failed === 0 ? 0 : 1;
