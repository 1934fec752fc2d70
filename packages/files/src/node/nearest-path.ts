import { existsSync, readdirSync } from "node:fs";
import { isAbsolute, join, normalize, sep } from "node:path";
import { nearestName } from "@kindred/errors";

/**
 * The path that somebody may have meant by one where nothing is: the first of its names that is not there is taken for the nearest that is. Undefined
 * where none is near, or nothing is at that path either.
 *
 * @example
 * ```ts
 * import { mkdir, mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { nearestPath } from "@kindred/files/node";
 *
 * const folder = await mkdtemp(join(tmpdir(), "example-"));
 * await mkdir(join(folder, "my-run", "model"), { recursive: true });
 * nearestPath(join(folder, "my-runs", "model")) === join(folder, "my-run", "model"); // => true
 * nearestPath(join(folder, "other", "model")); // => undefined
 * ```
 */
export function nearestPath(path: string): string | undefined {
  const names = normalize(path).split(sep);
  const at = names.findIndex((_, i) => !existsSync(names.slice(0, i + 1).join(sep) || sep));
  const missing = names[at];
  if (missing === undefined) return undefined;
  const folder = names.slice(0, at).join(sep) || (isAbsolute(path) ? sep : ".");
  const nearest = nearestName(missing, namesIn(folder));
  if (nearest === undefined) return undefined;
  const meant = join(folder, nearest, ...names.slice(at + 1));
  return existsSync(meant) ? meant : undefined;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a file, or not for us
  }
}
