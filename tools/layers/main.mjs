// The layer check: `npx nx run layers`. Reads every package and app, prints each broken rule with file and line, and fails if
// there is one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, underChosenNode } from "../node-runtime.mjs";
import { writeCounts } from "../results.mjs";
import { assertionFaults } from "./assertion-rule.mjs";
import { exampleFaults } from "./example-rule.mjs";
import { forbiddenApiFaults } from "./forbidden-api.mjs";
import { importFaults } from "./import-rules.mjs";
import { manifestFaults } from "./manifest-rules.mjs";
import { notationFaults } from "./notation-rule.mjs";
import { referenceFaults } from "./reference-rules.mjs";
import { readWorkspace } from "./workspace.mjs";

await underChosenNode();
writeCounts("layers");
const workspace = readWorkspace(root);
const notation = readFileSync(join(root, "docs", "notation.md"), "utf8");
const faults = [
  ...(await Promise.all([importFaults(root), manifestFaults(root)])).flat(),
  ...referenceFaults(workspace),
  ...forbiddenApiFaults(workspace),
  ...notationFaults(workspace, notation),
  ...exampleFaults(workspace),
  ...assertionFaults(workspace),
];
for (const { file, line, message } of faults)
  console.log(`layers: ${file}${line === undefined ? "" : `:${line}`}: ${message}`);
const files = workspace.projects.reduce((count, project) => count + project.files.length, 0);
console.log(`${faults.length} broken rules in ${files} files of ${workspace.projects.length} projects`);
writeCounts("layers", { passed: faults.length === 0 ? 1 : 0, failed: faults.length === 0 ? 0 : 1, skipped: 0 });
process.exitCode = faults.length === 0 ? 0 : 1;
