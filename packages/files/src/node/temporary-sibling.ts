import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

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
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"; // another user's
  }
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
