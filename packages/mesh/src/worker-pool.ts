import { ConfigError, WorkerError } from "@kindred/errors";

/** What a job is run with. */
export type JobOptions = {
  /**
   * Gives the job up: before it has begun it is dropped; from then on its result is ignored, and a worker that listens to its own
   * `signal` may end early. Either way `run` rejects with the signal's reason at once.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Which of those that wait is taken next: the highest, and of equal ones the first. Where no worker is free, a job goes to one
   * that works on a job of lower priority and looks for urgent ones in its middle ({@link JobHandler}'s `serveUrgent`). Default 0.
   */
  readonly priority?: number;
  /** Buffers of the job that are moved to the worker instead of copied. Default: none. */
  readonly transfer?: readonly Transferable[];
};

/**
 * Workers that do not meet: whichever is free takes the job that is next. For encoding; training needs cores that meet, see {@link Mesh}.
 *
 * Idle workers never keep the process alive; a job that waits or runs does.
 */
export type WorkerPool<Job, Result> = {
  /** How many jobs are worked on at once. */
  readonly size: number;
  /**
   * What a worker makes of a job. A job that throws is rejected with its own error, and its worker goes on.
   *
   * @throws WorkerError if the worker's thread ended by itself (another takes its place), or the pool was closed before the job was done.
   * @throws ConfigError if the priority is no number.
   */
  run(job: Job, options?: JobOptions): Promise<Result>;
  /** Ends all workers, even in the middle of a job; jobs that are not done are rejected. Resolves when their threads have ended. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** What a job's handler is given beside the job. */
export type HandlerOptions = {
  /** Tells that nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /**
   * Takes what came meanwhile: an abort, or a job of higher priority, which runs here and now, one at a time. A job that is long and
   * synchronous calls it between its parts. Where a thread can't look for messages in the middle of a call (web workers, the thread
   * that asks) it does nothing.
   */
  serveUrgent(): void;
};

/** What a worker does with a job. It may be asynchronous; a worker has one job at a time, and an urgent one in the middle of it. */
export type JobHandler<Job, Result> = (job: Job, options: HandlerOptions) => Result | Promise<Result>;

/** What a pool's program is given beside its data. */
export type ProgramOptions = {
  /** Sends a message to the pool's `onMessage` in the main thread. */
  post(message: unknown): void;
};

/** The default export of a pool's program module: runs once in every worker, and gives what it does with a job. */
export type PoolProgram<Data, Job, Result> = (
  data: Data,
  options: ProgramOptions,
) => JobHandler<Job, Result> | Promise<JobHandler<Job, Result>>;

/** Where jobs are done, one at a time. */
export type Lane<Job, Result> = {
  /** Whether it can take a second, more urgent job while one runs. */
  readonly takesUrgent: boolean;
  run(job: Job, options: { readonly signal: AbortSignal; readonly transfer: readonly Transferable[] }): Promise<Result>;
  /** Ends it; a job that runs need not settle. */
  stop(): Promise<void>;
};

type Waiting<Job, Result> = {
  readonly job: Job;
  readonly priority: number;
  readonly transfer: readonly Transferable[];
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

/** The pool over these lanes. */
export function poolOf<Job, Result>(lanes: readonly Lane<Job, Result>[]): WorkerPool<Job, Result> {
  /** Priorities of what each lane works on. Those with the fewest jobs for the longest time come first. */
  const working = new Map(lanes.map((lane) => [lane, [] as number[]]));
  const waiting: Waiting<Job, Result>[] = [];
  /** Rejects every job that is not done. */
  const unsettled = new Set<(reason: unknown) => void>();
  let closed: Promise<void> | undefined;

  async function run(job: Job, { signal, priority = 0, transfer = [] }: JobOptions = {}): Promise<Result> {
    if (Number.isNaN(priority)) throw new ConfigError("run: the priority is no number. Got NaN.", { priority });
    if (closed !== undefined) throw poolClosed();
    signal?.throwIfAborted();
    const givenUp = new AbortController();
    let forget = () => {};
    const result = new Promise<Result>((resolve, reject) => {
      const entry = { job, priority, transfer, signal: givenUp.signal, resolve, reject };
      const giveUp = (reason: unknown) => {
        reject(reason);
        givenUp.abort(reason);
        const place = waiting.indexOf(entry);
        if (place >= 0) waiting.splice(place, 1);
      };
      const abort = () => giveUp(signal?.reason);
      signal?.addEventListener("abort", abort);
      unsettled.add(giveUp);
      forget = () => {
        signal?.removeEventListener("abort", abort);
        unsettled.delete(giveUp);
      };
      waiting.splice(1 + waiting.findLastIndex((other) => other.priority >= priority), 0, entry);
      next();
    });
    return result.finally(forget);
  }

  function next(): void {
    const [entry] = waiting;
    if (entry === undefined) return;
    const lane = laneFor(entry.priority);
    if (lane === undefined) return;
    waiting.shift();
    void work(lane, entry);
  }

  /** A free lane; or else the one with the least urgent job, if it can take a more urgent one in its middle. */
  function laneFor(priority: number): Lane<Job, Result> | undefined {
    let [chosen, least]: [Lane<Job, Result> | undefined, number] = [undefined, priority];
    for (const [lane, [running, urgent]] of working) {
      if (running === undefined) return lane;
      if (urgent !== undefined || !lane.takesUrgent || running >= least) continue;
      [chosen, least] = [lane, running];
    }
    return chosen;
  }

  async function work(lane: Lane<Job, Result>, entry: Waiting<Job, Result>): Promise<void> {
    const jobs = working.get(lane) ?? [];
    working.delete(lane); // and at the end again: lanes take turns
    working.set(lane, jobs);
    jobs.push(entry.priority);
    try {
      entry.resolve(await lane.run(entry.job, entry));
    } catch (error) {
      entry.reject(error);
    }
    jobs.splice(jobs.indexOf(entry.priority), 1);
    next();
  }

  function close(): Promise<void> {
    closed ??= Promise.all(lanes.map((lane) => lane.stop())).then(() => {});
    for (const giveUp of unsettled) giveUp(poolClosed());
    return closed;
  }

  return Object.freeze({ size: lanes.length, run, close, [Symbol.asyncDispose]: close });
}

function poolClosed(): WorkerError {
  return new WorkerError(-1, "run: the pool was closed. Start a new one.");
}

/**
 * A pool in the thread that asks: jobs are done one after another, by priority, and other tasks of the thread run in between.
 *
 * It needs no workers, so a program written for a pool also runs where there are none. With `size` 2 and more, for a handler that waits for
 * something else than this thread (a device), so many jobs are begun before the first is done, and one of higher priority beside each.
 *
 * @example
 * ```ts
 * import { soloPool } from "@kindred/mesh";
 *
 * const done: string[] = [];
 * await using pool = soloPool((job: string) => done.push(job));
 * await Promise.all([pool.run("first"), pool.run("later"), pool.run("urgent", { priority: 1 })]);
 * done; // => ["first", "urgent", "later"]
 * ```
 */
export function soloPool<Job, Result>(
  handle: JobHandler<Job, Result>,
  { size = 1 }: { readonly size?: number } = {},
): WorkerPool<Job, Result> {
  const lane = (): Lane<Job, Result> => ({
    takesUrgent: size > 1,
    async run(job, { signal }) {
      await nextTask();
      signal.throwIfAborted();
      return handle(job, { signal, serveUrgent: () => {} });
    },
    stop: async () => {},
  });
  return poolOf(Array.from({ length: size }, lane));
}

/**
 * Resolves when tasks that wait (timers, input, aborts) have had their turn.
 *
 * @example
 * ```ts
 * import { nextTask } from "@kindred/mesh";
 *
 * let heard = false;
 * setTimeout(() => (heard = true));
 * while (!heard) await nextTask(); // work that is long, between whose parts others have their turn
 * heard; // => true
 * ```
 */
export function nextTask(): Promise<void> {
  // Node's own: its first MessageChannel loads all of fetch. Elsewhere a message, which is not held back as a timer is.
  const { setImmediate } = globalThis as { setImmediate?: (act: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
