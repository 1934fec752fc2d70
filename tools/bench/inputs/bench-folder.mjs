import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../node-runtime.mjs";

/**
 * A folder of the benchmark's own for what it makes once, below dist/bench/.
 *
 * @param {string} name
 */
export function benchFolder(name) {
  const folder = join(root, "dist", "bench", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
