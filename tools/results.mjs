// What a check leaves behind: `.results/<name>.json` in its project's folder, with counts that `npm test` adds up. The files
// are outputs of the nx targets, so a check that comes from the cache counts as when it ran.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./node-runtime.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * The results file of a check of the root project.
 *
 * @param {string} name
 */
export function resultsFile(name) {
  return join(root, ".results", `${name}.json`);
}

/**
 * Writes the counts of a check, or forgets the last run's if there are none: a check that dies must not leave old counts.
 *
 * @param {string} name
 * @param {Counts} [counts]
 */
export function writeCounts(name, counts) {
  const file = resultsFile(name);
  rmSync(file, { force: true });
  if (counts === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(counts)}\n`);
}

/**
 * Reads the counts of a results file: our own form or a vitest JSON report. Undefined if the file is not there.
 *
 * @param {string} file
 * @returns {Counts | undefined}
 */
export function readCounts(file) {
  if (!existsSync(file)) return undefined;
  const content = JSON.parse(readFileSync(file, "utf8"));
  return Array.isArray(content.testResults) ? countsOfVitest(content) : content;
}

/**
 * The counts in a vitest JSON report. A test file that fails as a whole (it does not load, a hook throws) lists no failed
 * test: it counts as one.
 *
 * @param {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} report
 * @returns {Counts}
 */
export function countsOfVitest(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const tests = file.assertionResults.map((test) => test.status);
    const failed = tests.filter((status) => status === "failed").length;
    const passed = tests.filter((status) => status === "passed").length;
    counts.passed += passed;
    counts.failed += failed === 0 && file.status === "failed" ? 1 : failed;
    counts.skipped += tests.length - passed - failed;
  }
  return counts;
}
