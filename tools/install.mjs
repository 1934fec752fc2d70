// Installs what is missing, so that a fresh clone needs no command before `npm start` or `npm test`.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ownNode, root, run } from "./node-runtime.mjs";

/**
 * Runs `npm ci` when the installed packages are not those of the lockfile. Ends the program if that fails.
 */
export async function installMissing() {
  if (isInstalled()) return;
  console.error("Installing the packages of package-lock.json (npm ci) …");
  // Flags, not settings: NODE_ENV=production or a user's own .npmrc must not leave the tools out.
  const args = ["ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = process.env["npm_execpath"];
  const status =
    npm?.endsWith(".js") === true
      ? await run(ownNode(), [npm, ...args])
      : await run("npm", args, { shell: process.platform === "win32" });
  if (status === 0) return;
  console.error(`npm ci failed with exit code ${status}. Its message is above; is the npm registry reachable?`);
  process.exit(1);
}

/** npm keeps a copy of the lockfile's entries, as installed, in node_modules/.package-lock.json. */
function isInstalled() {
  const installedFile = join(root, "node_modules", ".package-lock.json");
  return existsSync(installedFile) && holds(packagesOf(installedFile), packagesOf(join(root, "package-lock.json")));
}

/**
 * Whether the installed packages are those of a lockfile. Optional packages of other platforms are rightly missing, and links to
 * the workspace's own packages hold no version.
 *
 * @param {Record<string, LockEntry>} installed
 * @param {Record<string, LockEntry>} wanted
 */
export function holds(installed, wanted) {
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true || entry.peer === true;
    return entry.link === true || (found.version === entry.version && found.integrity === entry.integrity);
  });
}

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, peer?: boolean }} LockEntry
 * @param {string} file
 * @returns {Record<string, LockEntry>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}
