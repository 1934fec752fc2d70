import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/** Small pieces are gathered to so many bytes before they go to the system. */
const pieceBytes = 65_536;

/** A file in the making: there, whole, once `finish` has resolved, and not before. One call at a time: wait for each promise. */
export type AtomicFile = {
  /** Adds bytes, or text as UTF-8; resolves when more may come. */
  readonly write: (contents: Uint8Array | string) => Promise<void>;
  /** Puts bytes over those at a position, for a header that holds what is known last. */
  readonly writeAt: (bytes: Uint8Array, position: number) => Promise<void>;
  /** Forces the file to disk and puts it in its place. */
  readonly finish: () => Promise<void>;
  /** Gives up, unless it was finished: no file is left, and the path holds what it held. */
  readonly abandon: () => Promise<void>;
  /** The same, for `await using`, which leaves no half-written file behind an error. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * Opens a file that comes piece by piece, however large, so that the path holds all of the old contents until all of the new are
 * there.
 *
 * The pieces go into a temporary file in the same folder, which `finish` forces to disk and renames. After an error of the system
 * (`ENOENT`, `ENOSPC`, …), abandon it; what a killed process leaves, the next writer in that folder removes. The folder must exist.
 * A link at the path is replaced, not followed.
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { openFileAtomic } from "@kindred/files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "rows.jsonl");
 * await using file = await openFileAtomic(path);
 * for (const row of [[1, 2], [3]]) await file.write(`${JSON.stringify(row)}\n`);
 * await file.finish();
 * await readFile(path, "utf8"); // => "[1,2]\n[3]\n"
 * ```
 */
export async function openFileAtomic(path: string): Promise<AtomicFile> {
  const target = resolve(path);
  await removeLeftovers(dirname(target));
  const temporary = temporarySibling(target);
  const file = await open(temporary, "wx").catch((error: unknown) => {
    throw atPath(error, path);
  });
  let isOpen = true;
  let length = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  const flush = async () => {
    const pieces = gathered;
    [gathered, gatheredBytes] = [[], 0];
    const bytes = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    await writeAll(file, bytes, length).catch((error: unknown) => {
      throw atPath(error, path);
    });
    length += bytes.length;
  };
  const abandon = async () => {
    if (!isOpen) return;
    isOpen = false;
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
  };
  return {
    async write(contents) {
      const bytes = typeof contents === "string" ? Buffer.from(contents) : contents;
      const isLarge = bytes.length >= pieceBytes;
      // A small piece waits, so it must be its own; a large one is written before this resolves.
      gathered.push(isLarge || typeof contents === "string" ? bytes : bytes.slice());
      gatheredBytes += bytes.length;
      if (gatheredBytes >= pieceBytes) await flush();
    },
    async writeAt(bytes, position) {
      await flush();
      await writeAll(file, bytes, position);
    },
    async finish() {
      if (!isOpen) return;
      try {
        await flush();
        await file.sync();
        await file.close();
        await rename(temporary, target);
        isOpen = false;
      } catch (error) {
        await abandon();
        throw atPath(error, path);
      }
      await syncFolder(dirname(target));
    },
    abandon,
    [Symbol.asyncDispose]: abandon,
  };
}

/** Writes all of some bytes at a position: the system may take a part at a time. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/**
 * Writes a file so that, whatever happens, the path holds all of the old contents or all of the new; else as {@link openFileAtomic},
 * with nothing left behind an error.
 *
 * @param contents bytes, or text, which is stored as UTF-8
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeFileAtomic } from "@kindred/files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "run.json");
 * await writeFileAtomic(path, "{}");
 * await readFile(path, "utf8"); // => "{}"
 * ```
 */
export async function writeFileAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  await using file = await openFileAtomic(path);
  await file.write(contents);
  await file.finish();
}

/**
 * An error of the system with the path that it is about: an open file's own have none, and nobody knows a temporary name. Any other error as it is.
 *
 * @example
 * ```ts
 * import { atPath } from "@kindred/files/node";
 *
 * const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
 * Reflect.get(Object(atPath(full, "vectors.npy")), "path"); // => "vectors.npy"
 * ```
 */
export function atPath(error: unknown, path: string): unknown {
  return error instanceof Error && "code" in error ? Object.assign(error, { path }) : error;
}

/** What a writer puts beside its target: the new contents in the making, or the old ones that make room for them. */
type Kind = "tmp" | "old";

/** This machine, so that a folder that several share never has one judge another's processes. */
const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/**
 * A hidden name beside a path, on the same volume, so that a rename is one step; random, so that two writers never
 * meet; and with this process's name in it, so that a later one knows what a killed one left.
 */
export function temporarySibling(path: string, kind: Kind = "tmp"): string {
  const owner = `${machine}-${process.pid}-${randomBytes(6).toString("hex")}`;
  return join(dirname(path), `.${basename(path)}.${owner}.${kind}`);
}

/**
 * Clears a folder of what killed processes of this machine left there half-written by this package's writers. A folder that was
 * being replaced, and whose new contents did not arrive, is put back. A folder that is not there has no leftovers.
 *
 * Every writer of this package does this where it writes; a program may want it sooner, when it goes on with work that was cut off.
 *
 * @example
 * ```ts
 * import { mkdtemp, readdir } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { removeLeftovers } from "@kindred/files/node";
 *
 * const folder = await mkdtemp(join(tmpdir(), "example-"));
 * await removeLeftovers(folder);
 * await readdir(folder); // => []
 * ```
 */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, target, host, pid, kind] = /^\.(.+)\.([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.(tmp|old)$/.exec(name) ?? [];
    const path = join(folder, name);
    if (target === undefined || host !== machine || (await isAlive(Number(pid), path))) continue;
    // Only a folder is moved aside, and a rename over one that is there and not empty fails.
    if (kind === "old") await rename(path, join(folder, target)).catch(() => {});
    await rm(path, { recursive: true, force: true });
  }
}

/** Whether the process that made a file may still be at it. In a container a new process may have the old one's number. */
async function isAlive(pid: number, path: string): Promise<boolean> {
  if (pid === process.pid) {
    const changed = await stat(path).catch(() => undefined);
    const minuteBeforeStart = Date.now() - 1000 * (process.uptime() + 60);
    return changed === undefined || changed.mtimeMs > minuteBeforeStart;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // another user's
  }
  // Killed and not yet waited for, a process still has its number; where there is no /proc nobody tells.
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(state);
}

/**
 * Has the disk hold what a folder lists: a rename is safe from a power failure only then. Windows cannot open folders,
 * and needs none of it.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  try {
    await folder?.sync().catch(() => undefined);
  } finally {
    await folder?.close();
  }
}
