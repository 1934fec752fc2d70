// Starts nx under the Node that runs this program.
import { join } from "node:path";
import { root, run } from "./node-runtime.mjs";

/**
 * Runs nx and waits for it.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<number>} nx's exit code
 */
export function runNx(args, options) {
  return run(process.execPath, [join(root, "node_modules", "nx", "dist", "bin", "nx.js"), ...args], options);
}
