// A package.json says what the sources import: all of it, and nothing else; and what a file exports, somebody imports. By knip.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { root } from "../node-runtime.mjs";

/** @import { Fault } from "./workspace.mjs" */

/** What is wrong with a name that knip finds, by the kind of its list. */
const messages = {
  files: "no other file imports this one",
  dependencies: "stands under dependencies, and no source imports it",
  devDependencies: "stands under devDependencies, and nothing here imports it",
  optionalPeerDependencies: "stands under optional peerDependencies, and nothing here looks for it",
  unlisted: "is imported, and package.json does not list it; under dependencies if a source imports it",
  binaries: "is run, and no package that is listed has it",
  unresolved: "is imported, and nothing is there",
  exports: "is exported, and no other file imports it",
  types: "is exported, and no other file imports it",
};

/**
 * Every dependency that is imported and not declared, or declared and not imported; every export and file that nothing uses.
 *
 * knip looks twice: at all, and strictly at what users get, where a package that only development has is missing.
 *
 * @param {string} folder of a workspace with a knip.jsonc
 * @returns {Promise<Fault[]>}
 */
export async function manifestFaults(folder) {
  const product = ["--production", "--strict", "--include", "unlisted"];
  const [all, strictly] = await Promise.all([knip(folder, []), knip(folder, product)]);
  const seen = new Set(all.map(({ file, message }) => `${file} ${message}`));
  const ofUsers = strictly.filter(({ file }) => /^(packages|apps)\//.test(file)); // the tools are no package
  return [...all, ...ofUsers.filter(({ file, message }) => !seen.has(`${file} ${message}`))];
}

/**
 * @param {string} folder
 * @param {readonly string[]} flags
 * @returns {Promise<Fault[]>}
 */
function knip(folder, flags) {
  const command = join(root, "node_modules", "knip", "bin", "knip.js");
  const args = [command, "--no-progress", "--no-config-hints", "--no-exit-code", "--reporter", "json", ...flags];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(`manifestFaults: knip failed.\n${stdout}${stderr}`));
      /** @type {{ issues: ({ file: string } & Record<string, { name: string, line?: number }[]>)[] }} */
      const { issues } = JSON.parse(stdout);
      resolve(
        issues.flatMap(({ file, ...lists }) =>
          Object.entries(lists).flatMap(([kind, found]) => faults(file, kind, found)),
        ),
      );
    });
  });
}

/**
 * @param {string} file
 * @param {string} kind
 * @param {readonly { readonly name: string, readonly line?: number }[]} found
 * @returns {Fault[]}
 */
function faults(file, kind, found) {
  const message = Object.hasOwn(messages, kind) ? messages[/** @type {keyof typeof messages} */ (kind)] : kind;
  return found.map(({ name, line }) => ({
    file,
    ...(line === undefined ? {} : { line }),
    message: `${name} ${message}.`,
  }));
}
