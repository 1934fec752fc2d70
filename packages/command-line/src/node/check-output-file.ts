import { statSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError } from "@kindred/errors";

/**
 * Makes sure, before a command's work starts, that a file can be put at `file`: in a folder that is there, and not where a folder
 * is. `flag` is named in the error.
 *
 * @throws ConfigError otherwise, naming the missing folder.
 *
 * @example
 * ```ts ignore
 * import { checkOutputFile } from "@kindred/command-line/node";
 *
 * checkOutputFile("--output", "nowhere/vectors.npy"); // ConfigError: --output: no such folder. Got nowhere/vectors.npy, …
 * ```
 */
export function checkOutputFile(flag: string, file: string): void {
  const folder = dirname(file);
  if (!isFolder(folder)) {
    throw new ConfigError(
      `${flag}: no such folder. Got ${file}, expected a file in a folder that is there. Make ${folder} first.`,
      { file, folder },
    );
  }
  if (isFolder(file)) throw new ConfigError(`${flag}: a folder. Got ${file}, expected a file.`, { file });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
