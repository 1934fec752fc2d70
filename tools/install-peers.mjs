// What Kindred is compared with, or tested with, lives in folders named peers/, each with a lockfile of its own: nothing of the product
// depends on it.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root, run } from "./node-runtime.mjs";

/**
 * Installs a folder's peers if they are not there as its lockfile says. No install script runs: onnxruntime-node would download GPU
 * libraries, and its CPU binary is in the package.
 *
 * @param {string} folder
 * @returns {Promise<boolean>} whether they are there
 */
export async function installPeers(folder) {
  if (isInstalled(folder)) return true;
  console.error(`Installing peers (npm ci in ${relative(root, folder)}) …`);
  const args = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const options = { cwd: folder, shell: process.platform === "win32" };
  return (await run("npm", args, options).catch(() => 1)) === 0;
}

/** @param {string} folder */
function isInstalled(folder) {
  const installed = packagesOf(join(folder, "node_modules", ".package-lock.json"));
  const wanted = packagesOf(join(folder, "package-lock.json"));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional === true || installed[path]?.version === version,
  );
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}
