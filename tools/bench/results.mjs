// dist/bench/results.json: the last result of every case.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../node-runtime.mjs";

/** @typedef {import("./run-case.mjs").Result} Result */

export const resultsFile = join(root, "dist", "bench", "results.json");

/** @returns {Result[]} what was measured so far */
export function readResults() {
  return existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")) : [];
}

/** @param {readonly Result[]} results */
export function writeResults(results) {
  mkdirSync(dirname(resultsFile), { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
}

/**
 * Earlier results with a row's new ones in their place, in the table's order. Numbers of another machine are dropped: a table
 * names one.
 *
 * @param {readonly Result[]} earlier
 * @param {readonly Result[]} fresh all cases of some rows
 * @param {readonly string[]} order ids
 */
export function mergeResults(earlier, fresh, order) {
  const again = new Set(fresh.map(({ id }) => id));
  const machine = fresh[0]?.machine;
  const kept = earlier.filter(
    (result) => !again.has(result.id) && (machine === undefined || result.machine === machine),
  );
  return [...kept, ...fresh].sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}
