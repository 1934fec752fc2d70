// The doc-example check: `npx nx run examples`. Runs every ```ts fence of the READMEs, the guides and the TSDoc comments, and
// compares the values that they show. Arguments narrow it to files whose path contains one of them. Ours: runners of doc tests know
// Markdown or TSDoc, not both, and share one process between examples.
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { root, underChosenNode } from "../node-runtime.mjs";
import { writeCounts } from "../results.mjs";
import { extractExamples } from "./extract.mjs";
import { runExample } from "./run-example.mjs";

await underChosenNode();
const wanted = process.argv.slice(2).filter((argument) => argument !== "--own-node");
writeCounts("examples");

const files = documentedFiles().filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
const examples = files.flatMap((file) => extractExamples(file, readFileSync(join(root, file), "utf8")));
const queue = examples.filter((example) => !example.ignored);
const counts = { passed: 0, failed: 0, skipped: examples.length - queue.length };

const runners = Array.from({ length: Math.min(4, availableParallelism()) }, async () => {
  for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
    const faults = await runExample(example);
    for (const fault of faults) console.log(fault);
    counts[faults.length === 0 ? "passed" : "failed"] += 1;
  }
});
await Promise.all(runners);

console.log(
  `${counts.passed} examples as shown, ${counts.failed} not, ${counts.skipped} marked "ignore", in ${files.length} files`,
);
if (wanted.length === 0) writeCounts("examples", counts);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** The files that may hold examples, from the root, with slashes. */
function documentedFiles() {
  const rootFiles = readdirSync(root).filter((name) => name.endsWith(".md"));
  const guides = namesUnder("docs").filter((name) => name.endsWith(".md"));
  const projects = ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent)).flatMap((name) => [
      ...namesUnder(`${parent}/${name}/src`).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts")),
      `${parent}/${name}/README.md`,
    ]),
  );
  return [...rootFiles, ...guides, ...projects].sort();
}

/** @param {string} folder */
function namesUnder(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
    (name) => `${folder}/${name.split(sep).join("/")}`,
  );
}
