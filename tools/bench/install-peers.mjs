// What the benchmark compares with lives in peers/, with a lockfile of its own; nothing of the product depends on it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../node-runtime.mjs";

const folder = fileURLToPath(new URL("peers/", import.meta.url));

/**
 * Installs the peers if they are not there as the lockfile says. No install script runs: onnxruntime-node would download GPU
 * libraries, and its CPU binary is in the package.
 *
 * @returns {Promise<boolean>} whether they are there
 */
export async function installPeers() {
  if (isInstalled()) return true;
  console.error("Installing what the benchmark compares with (npm ci in tools/bench/peers) …");
  const args = ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const options = { cwd: folder, shell: process.platform === "win32" };
  return (await run("npm", args, options).catch(() => 1)) === 0;
}

function isInstalled() {
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
