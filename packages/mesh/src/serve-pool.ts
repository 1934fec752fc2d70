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

/** Main to worker: a job, or that nobody waits for the job any more. A job may come while another runs. */
export type JobMessage = { readonly number: number; readonly job: unknown } | { readonly abort: number };

/** The number under which a worker answers that it is set up. */
export const setUpNumber = -1;

/** Worker to main: that it is ready, or what became of the job of that number. */
export type PoolMessage = { readonly number: number } & (
  | { readonly type: "done"; readonly result: unknown }
  | { readonly type: "failed"; readonly error: PlainError }
);

/** What a pool worker's thread does with each message of main. */
export function poolServer(port: MainPort, own?: PoolProgram<never, never, unknown>): (message: unknown) => void {
  const send = (message: PoolMessage) => port.post(message);
  const jobs = new Map<number, AbortController>();
  let handle: JobHandler<never, unknown> = () => {
    throw new ConfigError("startPool: a job came before the program. Is another script talking to this thread?");
  };

  async function setUp({ program, data }: PoolSetUpMessage): Promise<void> {
    const start = own ?? (await loadProgram<PoolProgram<never, never, unknown>>("startPool", program, expectedProgram));
    handle = await start(data as never);
  }

  /** Answers with what `call` gives: at once if that is no promise, since a job in whose middle this one runs would hold back the answer. */
  function answer(number: number, call: () => unknown): void {
    const done = (result: unknown) => send({ number, type: "done", result });
    const failed = (thrown: unknown) => sendError(thrown, (error) => send({ number, type: "failed", error }));
    try {
      const result = call();
      if (result instanceof Promise) void result.then(done).catch(failed);
      else done(result);
    } catch (thrown) {
      failed(thrown);
    }
  }

  function work(number: number, job: unknown): unknown {
    const controller = new AbortController();
    jobs.set(number, controller);
    const forget = () => jobs.delete(number);
    try {
      const result = handle(job as never, { signal: controller.signal, serveUrgent });
      if (result instanceof Promise) return result.finally(forget);
      forget();
      return result;
    } catch (thrown) {
      forget();
      throw thrown;
    }
  }

  function serveUrgent(): void {
    for (let next = port.receiveNow?.(); next !== undefined; next = port.receiveNow?.()) receive(next.message);
  }

  function receive(received: unknown): void {
    const message = received as PoolSetUpMessage | JobMessage;
    if ("abort" in message) jobs.get(message.abort)?.abort();
    else if ("pool" in message) answer(setUpNumber, () => setUp(message));
    else answer(message.number, () => work(message.number, message.job));
  }
  return receive;
}

const expectedProgram = "async (data) => (job, { signal, serveUrgent }) => result";
