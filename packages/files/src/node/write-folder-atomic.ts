import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "@kindred/errors";
import { atPath, removeLeftovers, syncFolder, temporarySibling, writeAll } from "./write-file-atomic.ts";

/** What may become of a folder that is already there. */
export type WriteFolderOptions = {
  /**
   * Whether an existing folder is replaced, with all that is in it, once the new one is complete. Default false: it is
   * refused.
   */
  readonly replace?: boolean;
};

/**
 * Writes a folder so that it appears complete or not at all.
 *
 * `build` fills a temporary folder beside the target; its files are then forced to disk and the folder is renamed to
 * its place. Folders above the target are made as needed. If `build` fails, the temporary folder is removed, a folder
 * that was there before stays as it was, and the error goes on to the caller. An empty folder at the target counts as
 * none. With `replace`, the old folder is moved aside, the new one moved in, and the old one removed: for an instant
 * there is none, never half of one; should the process be killed in that instant, the next writer in that folder puts
 * the old one back.
 *
 * @param build gets the temporary folder's path; what it leaves there becomes the folder
 * @throws ConfigError if something is at the path, before `build` is called; with `replace`, only if that is no folder
 *
 * @example
 * ```ts
 * import { mkdtemp, readdir, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeFolderAtomic } from "@kindred/files/node";
 *
 * const folder = join(await mkdtemp(join(tmpdir(), "example-")), "model");
 * await writeFolderAtomic(folder, async (temporary) => {
 *   await writeFile(join(temporary, "config.json"), "{}");
 * });
 * await readdir(folder); // => ["config.json"]
 * ```
 */
export async function writeFolderAtomic(
  path: string,
  build: (temporaryFolder: string) => Promise<void>,
  { replace = false }: WriteFolderOptions = {},
): Promise<void> {
  const target = resolve(path);
  await removeLeftovers(dirname(target));
  await expectFree(target, path, replace);
  makeFolders(dirname(target));
  const temporary = temporarySibling(target);
  try {
    await mkdir(temporary);
    await build(temporary);
    await syncTree(temporary);
    await moveIn(temporary, target, path, replace);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const at = error instanceof Error && "path" in error ? String(error.path) : undefined;
    throw at === undefined || !at.startsWith(temporary) ? error : atPath(error, path + at.slice(temporary.length));
  }
  await syncFolder(dirname(target));
}

/**
 * Writes a file chunk by chunk, so that no more than one need be in memory, and gives its SHA-256 in hex: for files of a folder that
 * appears whole, as {@link writeFolderAtomic} makes it. Folders above it are made.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeChunks } from "@kindred/files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "a", "b.bin");
 * (await writeChunks(path, [Uint8Array.of(1, 2), Uint8Array.of(3)])).slice(0, 8); // => "039058c6"
 * ```
 */
export async function writeChunks(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<string> {
  makeFolders(dirname(path));
  const hash = createHash("sha256");
  const file = await open(path, "w");
  try {
    let length = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await writeAll(file, chunk, length);
      length += chunk.length;
    }
  } catch (error) {
    throw atPath(error, path);
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

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

async function expectFree(target: string, path: string, replace: boolean): Promise<void> {
  const contents = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") {
      throw new ConfigError(
        `writeFolderAtomic: there is a file. Got ${path}, expected a new folder. Choose another name.`,
        { path },
      );
    }
    throw error;
  });
  if (contents.length === 0 || replace) return;
  throw new ConfigError(
    `writeFolderAtomic: the folder is there already. Got ${path} with ${contents.length} entries, expected a new or an empty folder. Choose another name.`,
    { path },
  );
}

async function moveIn(temporary: string, target: string, path: string, replace: boolean): Promise<void> {
  // Only an empty folder can go this way; one that has filled in the meantime is moved aside, or refused.
  const isInTheWay = await rmdir(target).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
  if (!isInTheWay) return rename(temporary, target);
  await expectFree(target, path, replace);
  const old = temporarySibling(target, "old");
  await rename(target, old);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) {
      const file = await open(path, "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }
  await syncFolder(folder);
}
