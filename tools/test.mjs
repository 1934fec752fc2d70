// npm test: installs what is missing, builds, and runs every check and every test through nx. Its last line counts all.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installMissing } from "./install.mjs";
import { asksForOwnNode, root, underChosenNode } from "./node-runtime.mjs";
import { runNx } from "./nx.mjs";
import { fetchPlugins } from "./xla/fetch-plugins.mjs";
import { readCounts, resultsFile } from "./results.mjs";

/** The checks of the root project, in the order in which they are worth reading. `test` is every package's own. */
const checks = [
  ...["build", "layers", "lint", "types", "browser-types", "tool-types", "tools", "examples", "docs"],
  ...["publish", "browser", "bench-quick"],
];

await installMissing();
await underChosenNode({ announce: true });
const missing = fetchPlugins();
if (missing !== undefined) console.error(`Tests of XLA devices have no plugins to run on: ${missing}.`);

/** Checks that are vitest runs, and the folders that their results lie in. */
const testFolders = new Map([
  ["tools", "tools"],
  ["publish", "tools/publish"],
  ["browser", "tools/browser"],
]);
const files = [...checks.map((name) => ({ name, file: fileOf(name) })), ...packageResults()];
for (const { file } of files) rmSync(file, { force: true });

const own = asksForOwnNode() ? ["--own-node"] : [];
const status = await runNx(
  ["run-many", `--targets=${[...checks, "test"].join(",")}`, "--nxBail=false", "--outputStyle=static", ...own],
  { stdio: ["ignore", "inherit", "inherit"] },
);

const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const failures = [];
/** @type {string[]} */
const silent = [];
for (const { name, file } of files) {
  const counts = readCounts(file);
  if (counts === undefined) {
    // Not run because what it needs failed, or died before it could count: either way nobody knows that it passes.
    total.failed += 1;
    silent.push(name);
    continue;
  }
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (counts.failed > 0) failures.push(`${name}: ${counts.failed} failed`);
}
if (status !== 0 && total.failed === 0) {
  total.failed += 1;
  failures.push(`nx ended with exit code ${status}`);
}

console.log("");
for (const failure of failures) console.log(`✗ ${failure}`);
if (silent.length > 0) console.log(`✗ without a result, counted as failed: ${silent.join(", ")}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Where a check's results will lie. @param {string} name */
function fileOf(name) {
  const folder = testFolders.get(name);
  return folder === undefined ? resultsFile(name) : join(root, folder, ".results", "test.json");
}

/** Every package and app with tests, and where its results will lie. */
function packageResults() {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, parent, entry.name))
      .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
      .filter(({ manifest }) => manifest.scripts?.test !== undefined)
      .map(({ folder, manifest }) => ({ name: manifest.name, file: join(folder, ".results", "test.json") })),
  );
}
