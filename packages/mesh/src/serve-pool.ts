import { ConfigError, type PlainError } from "@kindred/errors";
import { loadProgram, type MainPort, sendError } from "./thread.ts";
import type { JobHandler, PoolProgram } from "./worker-pool.ts";

/** Main to worker, once: load the program. It answers as if it were a job. */
export type PoolSetUpMessage = {
  /** Undefined where the thread has a program of its own. */
  readonly program: string | undefined;
  readonly data: unknown;
  /** Tells the message from a mesh's. */
  readonly pool: true;
};

/** Main to worker: a job, or that nobody waits for the job any more. */
export type JobMessage = { readonly number: number; readonly job: unknown } | { readonly abort: number };

/** Worker to main: that it is ready, or what became of the job. */
export type PoolMessage =
  | { readonly type: "done"; readonly result: unknown }
  | { readonly type: "failed"; readonly error: PlainError };

/** What a pool worker's thread does with each message of main. */
export function poolServer(
  port: MainPort,
  own?: PoolProgram<never, never, unknown>,
): (message: unknown) => Promise<void> {
  const send = (message: PoolMessage) => port.post(message);
  const jobs = new Map<number, AbortController>();
  let handle: JobHandler<never, unknown> = () => {
    throw new ConfigError("startPool: a job came before the program. Is another script talking to this thread?");
  };

  async function setUp({ program, data }: PoolSetUpMessage): Promise<void> {
    const start = own ?? (await loadProgram<PoolProgram<never, never, unknown>>("startPool", program, expectedProgram));
    handle = await start(data as never);
  }

  async function work(number: number, job: unknown): Promise<unknown> {
    const controller = new AbortController();
    jobs.set(number, controller);
    try {
      return await handle(job as never, { signal: controller.signal });
    } finally {
      jobs.delete(number);
    }
  }

  return async (received) => {
    const message = received as PoolSetUpMessage | JobMessage;
    if ("abort" in message) return jobs.get(message.abort)?.abort();
    try {
      send({ type: "done", result: await ("pool" in message ? setUp(message) : work(message.number, message.job)) });
    } catch (thrown) {
      sendError(thrown, (error) => send({ type: "failed", error }));
    }
  };
}

const expectedProgram = "async (data) => async (job, { signal }) => result";
