// The peers, found from this folder: their packages are installed here and nowhere else.
import { readFileSync } from "node:fs";
import { CannotError } from "../contestant.mjs";

/**
 * A peer's module, with whatever types it has left aside: they are not there before it is installed.
 *
 * @param {string} name package, or package and path
 * @returns {Promise<any>}
 * @throws CannotError if it is not installed
 */
export async function loadPeer(name) {
  const module = await import(name).catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CannotError(`${name} is not installed; run npm ci in tools/bench/peers`);
  });
  return module.default ?? module; // CommonJS comes as a default export.
}

/**
 * A peer with its version, as the table names it.
 *
 * @param {string} name
 */
export function peerName(name) {
  const manifest = readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8");
  return `${name} ${JSON.parse(manifest).version}`;
}
