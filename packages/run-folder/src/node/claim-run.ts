import { utimes } from "node:fs/promises";
import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "@kindred/errors";
import { makeFolders } from "@kindred/files/node";

/** A run's folder while one process works in it: no other may. */
export type RunClaim = {
  /** The folder: that which was asked for, or, where a number was allowed, the next free one. */
  readonly path: string;
  /** Lets others have it. */
  release(): void;
  /** Lets others have it, and takes away what claiming it made, if nothing was put there. */
  abandon(): void;
};

const lockName = ".lock";

/**
 * Makes the folder of a new run, and keeps others from working in it.
 *
 * @param numbered whether `-2`, `-3`, … may be added to a name that is taken. Default: false
 * @throws ConfigError if it is there already and not empty, cannot be made or written, or another process has it
 *
 * @example
 * ```ts
 * import { mkdtempSync, readdirSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { claimNewRun } from "@kindred/run-folder/node";
 *
 * const runs = mkdtempSync(join(tmpdir(), "runs-"));
 * const [one, other] = [1, 2].map(() => claimNewRun(join(runs, "a"), { numbered: true }));
 * readdirSync(runs); // => ["a", "a-2"]
 * one?.abandon();
 * other?.abandon();
 * readdirSync(runs); // => []
 * ```
 */
export function claimNewRun(path: string, { numbered = false }: { readonly numbered?: boolean } = {}): RunClaim {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? path : `${path}-${number}`;
    try {
      return claimEmpty(tried);
    } catch (error) {
      if (!numbered || number === 1000 || !(error instanceof ConfigError) || error.details["taken"] !== true)
        throw error;
    }
  }
}

/**
 * Refuses a run's folder in which another process works.
 *
 * @throws ConfigError naming that process
 *
 * @example
 * ```ts
 * import { expectNotInUse } from "@kindred/run-folder/node";
 *
 * expectNotInUse("runs/that-is-not-there"); // => undefined
 * ```
 */
export function expectNotInUse(run: string): void {
  const file = join(resolve(run), lockName);
  const text = textOf(file);
  if (text !== undefined && staysAlive(holderIn(text), file)) throw inUse(run, holderIn(text));
}

/**
 * Keeps others from working in the folder of a run that is to go on.
 *
 * @throws ConfigError naming the process that has it
 *
 * @example
 * ```ts ignore
 * import { claimOldRun, resumePoint } from "@kindred/run-folder/node";
 *
 * const claim = claimOldRun("runs/my-run");
 * const { state } = await resumePoint("runs/my-run");
 * claim.release();
 * ```
 */
export function claimOldRun(path: string): RunClaim {
  const release = lock(path);
  return { path, release, abandon: release };
}

function claimEmpty(path: string): RunClaim {
  const there = nearestThere(path);
  if (!statSync(there).isDirectory())
    throw new ConfigError(`train: the output cannot be a folder: ${there} is a file. Choose another output.`, {
      output: path,
    });
  expectNotInUse(path);
  if (there === resolve(path) && contentsOf(path).length > 0) throw notEmpty(path);
  const made = withReason(path, () => makeFolders(path));
  const release = withReason(path, () => lock(path));
  const abandon = () => {
    release();
    // The folder, and those above it that were made for it, as long as they are empty.
    const top = made === undefined ? resolve(path, "..") : dirname(resolve(made));
    for (let folder = resolve(path); made !== undefined && folder !== top; folder = dirname(folder))
      if (!isRemoved(folder)) break;
  };
  if (contentsOf(path).length === 0) return { path, release, abandon };
  release(); // another run was quicker, and is over
  throw notEmpty(path);
}

/** The path itself, or the nearest folder above it that exists. */
function nearestThere(path: string): string {
  let there = resolve(path);
  while (!existsSync(there)) there = dirname(there);
  return there;
}

/** What is in a folder beside the lock. */
function contentsOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith(lockName));
}

function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // not empty
  }
}

function notEmpty(path: string): ConfigError {
  return new ConfigError(
    `train: the output folder is not empty. Got ${path}. Choose another, or go on with that run by --resume ${path}.`,
    { output: path, taken: true },
  );
}

/** What `work` gives; what the system refuses it, as a refusal of the output. */
function withReason<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `train: the output cannot be written: ${reason}. Choose another output.`,
      { output: path },
      { cause },
    );
  }
}

/** Who has a run: a process of a machine, and when it began, by which a later process of the same number is told from it. */
type Holder = { readonly pid: number; readonly host: string; readonly since: string; readonly started: string };

/** The folders that this process has: its own number in a lock says nothing, it may be that of an earlier process. */
const held = new Set<string>();

/** A lock of another machine, whose processes cannot be seen from here, is kept alive by touching it; after so long it is a dead one's. */
const [touchMs, deadAfterMs] = [60_000, 5 * 60_000];

/** Writes the lock of a folder, and gives what takes it away. A process that has ended, however it did, has no lock. */
function lock(run: string): () => void {
  const file = join(resolve(run), lockName);
  const holder: Holder = {
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
    if (staysAlive(other, file)) throw inUse(run, other);
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

function holderIn(text: string): Partial<Holder> {
  try {
    const holder: unknown = JSON.parse(text);
    return typeof holder === "object" && holder !== null ? holder : {};
  } catch {
    return {}; // being written, or damaged
  }
}

function isAlive({ pid, host, started }: Partial<Holder>, file: string): boolean {
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
function staysAlive(holder: Partial<Holder>, file: string): boolean {
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

function inUse(run: string, { pid, host, since }: Partial<Holder>): ConfigError {
  const who = pid === undefined ? "another process" : `process ${pid} on ${host}, since ${since}`;
  return new ConfigError(
    `train: the run ${run} is in use: by ${who}. Wait for its end, or stop it; then go on with --resume ${run}.`,
    { output: run, pid, host, taken: true },
  );
}
