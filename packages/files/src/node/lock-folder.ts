import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Who has a folder: a process of a machine, and when it began, by which a later process of the same number is told from it. */
export type LockHolder = {
  readonly pid: number;
  readonly host: string;
  /** When it took the folder, as ISO 8601. */
  readonly since: string;
  /** When the process began, in the system's ticks; empty where the system does not tell. */
  readonly started: string;
};

/** The lock's name in its folder; others that begin so are in the making. */
export const folderLock = ".lock";

/** The folders that this process has: its own number in a lock says nothing, it may be that of an earlier process. */
const held = new Set<string>();

/** A lock of another machine, whose processes cannot be seen from here, is kept alive by touching it; after so long it is a dead one's. */
const [touchMs, deadAfterMs] = [60_000, 5 * 60_000];

/**
 * Keeps other processes from working in a folder that is there, and gives what lets them again. A process that has ended, however it did, has no
 * lock.
 *
 * @param inUse makes the error for a folder that another process has
 * @throws what `inUse` makes
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { folderHolder, lockFolder } from "@kindred/files/node";
 *
 * const folder = mkdtempSync(join(tmpdir(), "example-"));
 * const release = lockFolder(folder, ({ pid }) => new Error(`Process ${pid} has it.`));
 * folderHolder(folder)?.pid === process.pid; // => true
 * release();
 * folderHolder(folder); // => undefined
 * ```
 */
export function lockFolder(folder: string, inUse: (holder: Partial<LockHolder>) => Error): () => void {
  const file = join(resolve(folder), folderLock);
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    started: stateOf(process.pid).started,
  };
  const own = `${JSON.stringify(holder)}\n`;
  while (!isWritten(file, own)) {
    const text = textOf(file);
    if (text === undefined) continue; // gone by now
    const other = holderIn(text);
    if (staysAlive(other, file)) throw inUse(other);
    takeAway(file, text);
  }
  held.add(file);
  const touch = () => {
    // What fails once, as on a share over the network, is made up by the next.
    utimes(file, new Date(), new Date()).catch(() => {});
  };
  const timer = setInterval(touch, touchMs).unref();
  return () => {
    clearInterval(timer);
    if (held.delete(file) && textOf(file) === own) rmSync(file, { force: true });
  };
}

/**
 * Who keeps others from working in a folder; undefined if nobody does. Of a lock that is being written or is damaged nothing is known.
 *
 * @example
 * ```ts
 * import { folderHolder } from "@kindred/files/node";
 *
 * folderHolder("a-folder-that-is-not-there"); // => undefined
 * ```
 */
export function folderHolder(folder: string): Partial<LockHolder> | undefined {
  const file = join(resolve(folder), folderLock);
  const text = textOf(file);
  return text !== undefined && staysAlive(holderIn(text), file) ? holderIn(text) : undefined;
}

/**
 * Waits while nobody can tell whether a folder's lock is a dead one: that of another machine, whose process may have been killed. It is over when the lock
 * is gone or touched (its process lives, and {@link lockFolder} will say so), or has not been touched for five minutes. Any other lock is not
 * waited for.
 *
 * @throws the signal's reason
 *
 * @example
 * ```ts
 * import { settledLock } from "@kindred/files/node";
 *
 * await settledLock("a-folder-that-is-not-there"); // => undefined
 * ```
 */
export async function settledLock(
  folder: string,
  {
    signal,
    onWait = () => {},
  }: { readonly signal?: AbortSignal | undefined; readonly onWait?: (holder: Partial<LockHolder>) => void } = {},
): Promise<void> {
  const file = join(resolve(folder), folderLock);
  const touched = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const first = touched();
  for (let isTold = false; ; isTold = true) {
    const holder = holderIn(textOf(file) ?? "");
    const last = touched();
    const isElsewhere = holder.host !== undefined && holder.host !== hostname();
    if (!isElsewhere || last === undefined || last !== first || Date.now() - last >= deadAfterMs) return;
    if (!isTold) onWait(holder);
    await delay(500, undefined, { signal }).catch(() => {});
    signal?.throwIfAborted();
  }
}

function isWritten(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false; // what the system throws
    throw error;
  }
}

/** Takes a dead lock away. Of several who do, one moves it; who has moved a new one by mistake puts it back. */
function takeAway(file: string, expected: string): void {
  const aside = `${file}-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return; // another was quicker
    throw error;
  }
  if (textOf(aside) === expected || existsSync(file)) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the system refused a file because there is none, nor, where it says ENOTDIR, a folder that could hold it. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? ""); // what the system throws
}

function holderIn(text: string): Partial<LockHolder> {
  try {
    const holder: unknown = JSON.parse(text);
    return typeof holder === "object" && holder !== null ? holder : {};
  } catch {
    return {}; // being written, or damaged
  }
}

function isAlive({ pid, host, started }: Partial<LockHolder>, file: string): boolean {
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (pid === undefined) return age < 5000;
  if (host !== hostname()) return age < deadAfterMs;
  if (pid === process.pid) return held.has(file);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's
  }
  const state = stateOf(pid);
  // Killed and not yet waited for, a process still has its number.
  return state.letter !== "Z" && state.letter !== "X" && (started === "" || state.started === started);
}

/** The same, after the moment that a process takes to end that was killed just now. */
function staysAlive(holder: Partial<LockHolder>, file: string): boolean {
  const isOwn = holder.pid === process.pid || holder.host !== hostname();
  for (let tries = 0; tries < 10 && !isOwn; tries++) {
    if (!isAlive(holder, file)) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  return isAlive(holder, file);
}

/** The letter of a process's state, and when it began, in the system's ticks; empty where it does not tell by /proc. */
function stateOf(pid: number): { readonly letter: string; readonly started: string } {
  const text = statusOf(pid);
  const fields = text.slice(text.lastIndexOf(")")).split(" ");
  return { letter: fields[1] ?? "", started: fields[20] ?? "" };
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // ended by now, or a system without /proc
  }
}
