import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The absolute path of a file of golden and reference data, which lie in the folder `shared` beside the repository's own.
 *
 * Not all machines have that folder, nor all sets of golden files in it: `sharedPath("golden", set, …)` then names a file of the repository's
 * own `golden`. Ask {@link sharedExists} and skip the test where a file is missing.
 */
export function sharedPath(...parts: string[]): string {
  const root = repositoryRoot();
  const shared = join(root, "..", "shared");
  const isOwn = parts[0] === "golden" && !existsSync(join(shared, ...parts.slice(0, 2)));
  return isOwn ? join(root, ...parts) : join(shared, ...parts);
}

/** Whether such a file or folder is there, for `test.skipIf(!sharedExists("golden", …))`. */
export function sharedExists(...parts: string[]): boolean {
  return existsSync(sharedPath(...parts));
}

/** The nearest folder above this file that holds the workspace's lockfile. Found from `src` and from `dist`. */
export function repositoryRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package-lock.json"))) return folder;
    if (folder === dirname(folder))
      throw new Error(`sharedPath: no repository. Got ${here}, expected a package-lock.json above it.`);
  }
}
