import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The absolute path of a file of golden and reference data, which lie in the folder `shared` beside the repository's own.
 *
 * They are not part of the repository: ask {@link sharedExists} and skip the test where they are missing.
 */
export function sharedPath(...parts: string[]): string {
  return join(repositoryRoot(), "..", "shared", ...parts);
}

/** Whether such a file or folder is there, for `test.skipIf(!sharedExists("golden", …))`. */
export function sharedExists(...parts: string[]): boolean {
  return existsSync(sharedPath(...parts));
}

/** The nearest folder above this file that holds the workspace's lockfile. Found from `src` and from `dist`. */
function repositoryRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package-lock.json"))) return folder;
    if (folder === dirname(folder))
      throw new Error(`sharedPath: no repository. Got ${here}, expected a package-lock.json above it.`);
  }
}
