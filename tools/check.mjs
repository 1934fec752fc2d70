// Runs a tool that is one check, under the chosen Node, and counts it:
// `node tools/check.mjs <check's name> <npm package> <its command> [arguments]`.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run, underChosenNode } from "./node-runtime.mjs";
import { writeCounts } from "./results.mjs";

await underChosenNode();
const [name, packageName, command, ...args] = process.argv.slice(2).filter((argument) => argument !== "--own-node");
if (name === undefined || packageName === undefined || command === undefined) {
  throw new Error("check: expected the check's name, an npm package and its command.");
}
writeCounts(name);
const status = await run(process.execPath, [commandFile(packageName, command), ...args]);
writeCounts(name, { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 });
process.exitCode = status;

/**
 * The JavaScript file behind a package's command. (`node_modules/.bin` holds shell scripts on Windows.)
 *
 * @param {string} packageName
 * @param {string} command
 */
function commandFile(packageName, command) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[command]);
}
