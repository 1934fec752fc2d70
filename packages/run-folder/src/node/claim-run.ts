import { existsSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError } from "@kindred/errors";
import { folderHolder, folderLock, type LockHolder, lockFolder, makeFolders } from "@kindred/files/node";

/** A run's folder while one process works in it: no other may. */
export type RunClaim = {
  /** The folder: that which was asked for, or, where a number was allowed, the next free one. */
  readonly path: string;
  /** Lets others have it. */
  release(): void;
  /** Lets others have it, and takes away what claiming it made, if nothing was put there. */
  abandon(): void;
};

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
  const holder = folderHolder(run);
  if (holder !== undefined) throw inUse(run, holder);
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
  return readdirSync(folder).filter((name) => !name.startsWith(folderLock));
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

function lock(run: string): () => void {
  return lockFolder(run, (holder) => inUse(run, holder));
}

function inUse(run: string, { pid, host, since }: Partial<LockHolder>): ConfigError {
  const who = pid === undefined ? "another process" : `process ${pid} on ${host}, since ${since}`;
  return new ConfigError(
    `train: the run ${run} is in use: by ${who}. Wait for its end, or stop it; then go on with --resume ${run}.`,
    { output: run, pid, host, taken: true },
  );
}
