import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and those above it that are not there, and gives the topmost that it made; undefined if all were.
 *
 * Unlike `mkdirSync(path, { recursive: true })` of Node it always ends: where a folder is there and still none can be made in it (`/proc`), that
 * tries forever.
 *
 * @throws the system's error (`EACCES`, `EROFS`, `ENOENT`, …) if one cannot be made
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { makeFolders } from "@kindred/files/node";
 *
 * const root = mkdtempSync(join(tmpdir(), "example-"));
 * makeFolders(join(root, "a", "b")) === join(root, "a"); // => true
 * makeFolders(join(root, "a")); // => undefined
 * ```
 */
export function makeFolders(path: string): string | undefined {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  let first: string | undefined;
  for (const folder of missing) {
    try {
      mkdirSync(folder);
      first ??= folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was quicker
    }
  }
  return first;
}
