// The peers, found from this folder: their packages are installed here and nowhere else.
import { readFileSync } from "node:fs";

/**
 * A peer's module, with whatever types it has left aside: they are not there before it is installed.
 *
 * @param {string} name package, or package and path
 * @returns {Promise<any>}
 */
export async function loadPeer(name) {
  const module = await import(name);
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
