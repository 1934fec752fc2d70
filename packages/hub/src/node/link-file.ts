import { copyFile, link, mkdir, rename, rm, symlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname, relative } from "node:path";

/** The ways to make a file appear in a second place, best first. */
const ways = [
  // Relative, so that a cache can be moved.
  (blob: string, path: string) => symlink(relative(dirname(path), blob), path),
  (blob: string, path: string) => link(blob, path),
  (blob: string, path: string) => copyFile(blob, path),
];

/**
 * Makes a blob appear at a path of a snapshot, in place of what is there: as a symbolic link, or where the system allows none
 * (Windows without developer mode) as a hard link or a copy.
 *
 * @param makers replaced in tests
 */
export async function linkFile(blob: string, path: string, makers: typeof ways = ways): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  let failure: unknown;
  for (const make of makers) {
    try {
      // A symbolic link made in the same folder means the same after its rename, which replaces what is there.
      await make(blob, temporary);
      await rename(temporary, path);
      return;
    } catch (error) {
      failure = error;
      await rm(temporary, { force: true });
    }
  }
  throw failure;
}
