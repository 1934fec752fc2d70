import { createHash, randomBytes } from "node:crypto";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** A file on its way: either this call's to write, or somebody else's, who is at `bytes`. */
export type Partial = { readonly isOurs: boolean; readonly path: string; readonly bytes: number };

/** Longer than a download is ever silent before it gives up: whoever has been still for so long is gone. */
const quietMs = 10 * 60_000;

/** What this process is writing: its own number says nothing about files of an earlier process with the same. */
const ours = new Set<string>();

/**
 * The partial file of a blob, claimed for this call: what an ended process has left if there is such a file, else a new one; or
 * the file of a process that is at work on the same blob.
 *
 * The claim is the name, `<digest>.<host>-<process>-<random>.incomplete`. Taking over is a rename, which of several takers one
 * alone achieves, so no lock is needed; if two processes begin at the same instant and both go on, each has a file of its own.
 * Other tools' files (`<digest>.incomplete`, `<digest>.<random>.incomplete`) are left alone.
 *
 * @param blob the path that the complete file will have
 */
export async function claimPartial(blob: string): Promise<Partial> {
  const own = `${blob}.${host}-${process.pid}-${randomBytes(4).toString("hex")}.incomplete`;
  ours.add(own);
  const others = await partialsOf(blob);
  const active = others.find(({ isActive }) => isActive);
  if (active !== undefined) return abandon(own, active);
  for (const left of others) {
    const taken = await rename(left.path, own).then(
      () => true,
      () => false,
    );
    if (taken) return { isOurs: true, path: own, bytes: left.bytes };
  }
  await (await open(own, "wx")).close();
  // Of two that begin at once, each sees the other by now: the one that comes first in the alphabet goes on.
  const rival = (await partialsOf(blob)).find(
    ({ path, bytes, isActive }) => path !== own && isActive && (bytes > 0 || path < own),
  );
  if (rival === undefined) return { isOurs: true, path: own, bytes: 0 };
  await rm(own, { force: true });
  return abandon(own, rival);
}

/** Gives a claimed file up: what is left of it has no process in its name, so that anybody may take it over. */
export async function releasePartial(path: string): Promise<void> {
  ours.delete(path);
  await rename(path, path.replace(/-\d+-([0-9a-f]{8}\.incomplete)$/, "-0-$1")).catch(() => {});
}

function abandon(own: string, { path, bytes }: { path: string; bytes: number }): Partial {
  ours.delete(own);
  return { isOurs: false, path, bytes };
}

const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const claimedName = /\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.incomplete$/;

async function partialsOf(blob: string): Promise<{ path: string; bytes: number; isActive: boolean }[]> {
  const folder = dirname(blob);
  const found = [];
  for (const name of await readdir(folder)) {
    const claim = claimedName.exec(name);
    if (claim === null || claim.index !== basename(blob).length || !name.startsWith(basename(blob))) continue;
    const path = join(folder, name);
    const state = await stat(path).catch(() => undefined);
    if (state === undefined) continue;
    const isRecent = Date.now() - state.mtimeMs < quietMs;
    const isActive = isRecent && (claim[1] !== host || isRunning(Number(claim[2]), path));
    found.push({ path, bytes: state.size, isActive });
  }
  // The longest first: the most to be taken over.
  return found.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
}

function isRunning(pid: number, path: string): boolean {
  if (pid === 0) return false;
  if (pid === process.pid) return ours.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
