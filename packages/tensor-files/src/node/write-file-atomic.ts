import { open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { syncFolder, temporarySibling } from "./temporary-sibling.ts";

/**
 * Writes a file so that, whatever happens, the path holds all of the old contents or all of the new.
 *
 * The bytes go into a temporary file in the same folder, are forced to disk, and the file is renamed to its place.
 * After an error, the system's own (`ENOENT`, `ENOSPC`, …), the temporary file is gone; after a crash a hidden
 * `.<name>.….tmp` may stay. The folder must exist. A link at the path is replaced, not followed.
 *
 * @param contents bytes, or text, which is stored as UTF-8
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeFileAtomic } from "@kindred/tensor-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "run.json");
 * await writeFileAtomic(path, "{}");
 * await readFile(path, "utf8"); // => "{}"
 * ```
 */
export async function writeFileAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  const target = resolve(path);
  const temporary = temporarySibling(target);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(contents);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}
