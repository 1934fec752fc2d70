import { fromPlainError, ShapeError, WorkerError } from "@kindred/errors";
import { type JobMessage, type PoolMessage, type PoolSetUpMessage, setUpNumber } from "./serve-thread.ts";
import type { Thread } from "./thread.ts";
import { type Lane, poolOf, type WorkerPool } from "./worker-pool.ts";

/** Options of `startPool` on any kind of thread. */
export type PoolOptions = {
  /** How many workers, 1 or more; each is a thread. */
  readonly size: number;
  /** Passed to the program in every worker, as a structured clone; shared memory in it is shared. Default undefined. */
  readonly data?: unknown;
  /** Gets what programs post. Default: nobody does. */
  readonly onMessage?: (message: unknown) => void;
  /** How long loading and setting up may take. Default one minute. */
  readonly startTimeoutMs?: number;
};

/** A pool over new threads, when the program is loaded and set up in all of them. */
export async function connectPool<Job, Result>(
  { size, data, onMessage = () => {}, startTimeoutMs = 60_000 }: PoolOptions,
  { spawn, program }: { readonly spawn: (worker: number) => Thread; readonly program: string | undefined },
): Promise<WorkerPool<Job, Result>> {
  if (!Number.isInteger(size) || size < 1) {
    throw new ShapeError(`startPool: no such pool. Got size ${size}, expected an integer ≥ 1.`, { size });
  }
  const lanes = Array.from(
    { length: size },
    (_, index) =>
      new ThreadLane<Job, Result>(index, () => spawn(index), { setUp: { pool: true, program, data }, onMessage }),
  );
  const pool = poolOf(lanes);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(startTimeout(lanes, startTimeoutMs)), startTimeoutMs);
  });
  try {
    await Promise.race([Promise.all(lanes.map((lane) => lane.ready)), late]);
    return pool;
  } catch (error) {
    void pool.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function startTimeout(lanes: readonly { readonly settingUp: boolean }[], timeoutMs: number): WorkerError {
  const missing = [...lanes.keys()].filter((worker) => lanes[worker]?.settingUp);
  const message = `startPool: workers ${missing.join(", ")} are not ready. Got nothing in ${timeoutMs} ms. Raise startTimeoutMs?`;
  return new WorkerError(missing[0] ?? -1, message, { missing });
}

type Answer = { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void };

/** One worker. A thread that ends by itself is replaced: at once if it had a job, else when the next one comes. */
class ThreadLane<Job, Result> implements Lane<Job, Result> {
  /** When the present thread's program is set up. */
  ready: Promise<void>;
  readonly #index: number;
  readonly #spawn: () => Thread;
  readonly #setUp: PoolSetUpMessage;
  readonly #onMessage: (message: unknown) => void;
  #thread: Thread | undefined;
  /** Of what the thread works on, by number. */
  readonly #answers = new Map<number, Answer>();
  #settingUp = false;
  #running = 0;
  #jobs = 0;

  constructor(
    index: number,
    spawn: () => Thread,
    { setUp, onMessage }: { readonly setUp: PoolSetUpMessage; readonly onMessage: (message: unknown) => void },
  ) {
    this.#index = index;
    this.#spawn = spawn;
    this.#setUp = setUp;
    this.#onMessage = onMessage;
    this.ready = this.#start();
  }

  get takesUrgent(): boolean {
    return this.#thread?.receivesInJobs === true && !this.#settingUp;
  }

  get settingUp(): boolean {
    return this.#settingUp;
  }

  async run(job: Job, { signal, transfer }: Parameters<Lane<Job, Result>["run"]>[1]): Promise<Result> {
    this.#running++;
    if (this.#thread === undefined) this.ready = this.#start();
    this.#thread?.hold();
    const number = this.#jobs++;
    const abort = () => this.#thread?.post({ abort: number }, []);
    try {
      await this.ready;
      signal.throwIfAborted();
      signal.addEventListener("abort", abort);
      return (await this.#ask(number, { number, job }, transfer)) as Result; // the program's; what it gives is known to the caller alone
    } finally {
      signal.removeEventListener("abort", abort);
      this.#running--;
      if (this.#running === 0) this.#thread?.release();
    }
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.stop();
  }

  async #start(): Promise<void> {
    const thread = this.#spawn();
    this.#thread = thread;
    this.#settingUp = true;
    thread.onMessage((message) => {
      if (this.#thread === thread) this.#receive(message as PoolMessage);
    });
    thread.onEnd((cause) => {
      if (this.#thread === thread) this.#ended(thread, cause);
    });
    try {
      await this.#ask(setUpNumber, this.#setUp, []);
      if (this.#running === 0) thread.release();
    } catch (error) {
      this.#thread = undefined;
      void thread.stop();
      throw error;
    } finally {
      this.#settingUp = false;
    }
  }

  #ask(number: number, message: PoolSetUpMessage | JobMessage, transfer: readonly Transferable[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#thread?.post(message, transfer); // what it throws, of what cannot be cloned, is the reason
      this.#answers.set(number, { resolve, reject });
    });
  }

  #receive(message: PoolMessage): void {
    if (message.type === "post") {
      this.#onMessage(message.message);
      return;
    }
    const answer = this.#answers.get(message.number);
    this.#answers.delete(message.number);
    if (message.type === "done") answer?.resolve(message.result);
    else answer?.reject(fromPlainError(message.error));
  }

  #ended(thread: Thread, cause: Error | string): void {
    const [answers, settingUp, worker] = [[...this.#answers.values()], this.#settingUp, this.#index];
    this.#answers.clear();
    this.#thread = undefined;
    void thread.stop(); // it may be half alive, as after a message that cannot be read
    if (answers.length === 0) return;
    const how = typeof cause === "string" ? cause : cause.message;
    const message = `${settingUp ? "startPool" : "run"}: the thread of worker ${worker} ended by itself. Got ${how}.`;
    for (const answer of answers) answer.reject(new WorkerError(worker, message, {}, { cause }));
    if (settingUp) return;
    this.ready = this.#start();
    this.ready.catch(() => {}); // if it fails, the next job starts another, and says so
  }
}
