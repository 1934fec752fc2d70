import { ConfigError, type PlainError, toPlainError } from "@kindred/errors";
import type { CoreProgram, Handlers } from "./core.ts";
import { meshCore } from "./mesh-core.ts";
import { type MeshMemory, stopCores } from "./mesh-memory.ts";
import { Rendezvous } from "./rendezvous.ts";
import type { MainPort } from "./thread.ts";
import type { JobHandler, PoolProgram } from "./worker-pool.ts";

/** Makes a thread what its first message says: a core of a mesh or a worker of a pool. */
export function serveThread(port: MainPort): void {
  let receive: ((message: unknown) => unknown) | undefined;
  port.onMessage((message) => {
    const isPool = typeof message === "object" && message !== null && "pool" in message;
    receive ??= isPool ? poolServer(port) : coreServer(port);
    receive(message);
  });
}

/** Main to core, once: become core `index` and load the program. This is call 0; its result is the names of the methods. */
export type SetUpMessage = {
  readonly call: 0;
  readonly index: number;
  readonly memory: MeshMemory;
  /** Undefined where the thread has a program of its own. */
  readonly program: string | undefined;
  readonly data: unknown;
};

/** Main to core: run a method. */
export type CallMessage = { readonly call: number; readonly method: string; readonly argument: unknown };

/** Core to main. `first` tells the failure that counts from those of the cores that it stopped. */
export type CoreMessage =
  | { readonly type: "done"; readonly call: number; readonly result: unknown }
  | { readonly type: "failed"; readonly first: boolean; readonly error: PlainError }
  | { readonly type: "post"; readonly message: unknown };

/** What a core's thread does with each message of main: loads the program that it names, answers calls, and on any error stops the other cores. */
export function coreServer(port: MainPort, own?: CoreProgram<never, Handlers>): (message: unknown) => Promise<void> {
  const send = (message: CoreMessage) => port.post(message);
  let answer: (message: CallMessage) => Promise<unknown> = async () => {
    throw new ConfigError("startMesh: a call came before the program. Is another script talking to this thread?");
  };
  let stopOthers = () => true;

  async function setUp({ memory, index, program, data }: SetUpMessage): Promise<string[]> {
    stopOthers = () => stopCores(memory, index);
    const rendezvous = new Rendezvous(memory, index);
    rendezvous.startCall(0);
    const start =
      own ?? (await loadProgram<CoreProgram<never, Handlers>>("startMesh", program, "async (core, data) => handlers"));
    const core = meshCore(rendezvous, (message) => send({ type: "post", message }));
    const handlers: Handlers = await start(core, data as never);
    answer = async ({ call, method, argument }) => {
      rendezvous.startCall(call);
      const result = await handlers[method]?.(argument); // main has refused any other
      rendezvous.finishCall();
      return result;
    };
    rendezvous.finishCall();
    return Object.keys(handlers);
  }

  return async (received) => {
    const message = received as SetUpMessage | CallMessage;
    try {
      const result = await ("memory" in message ? setUp(message) : answer(message));
      send({ type: "done", call: message.call, result });
    } catch (thrown) {
      const first = stopOthers();
      sendError(thrown, (error) => send({ type: "failed", first, error }));
    }
  };
}

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

/** Worker to main: that it is ready, what became of the job of that number, or what its program posts. */
export type PoolMessage =
  | { readonly type: "done"; readonly number: number; readonly result: unknown }
  | { readonly type: "failed"; readonly number: number; readonly error: PlainError }
  | { readonly type: "post"; readonly message: unknown };

/** What a pool worker's thread does with each message of main. */
export function poolServer(port: MainPort, own?: PoolProgram<never, never, unknown>): (message: unknown) => void {
  const send = (message: PoolMessage) => port.post(message);
  const jobs = new Map<number, AbortController>();
  let handle: JobHandler<never, unknown> = () => {
    throw new ConfigError("startPool: a job came before the program. Is another script talking to this thread?");
  };

  async function setUp({ program, data }: PoolSetUpMessage): Promise<void> {
    const start = own ?? (await loadProgram<PoolProgram<never, never, unknown>>("startPool", program, expectedProgram));
    handle = await start(data as never, { post: (message) => send({ type: "post", message }) });
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

const expectedProgram = "async (data, { post }) => (job, { signal, serveUrgent }) => result";

/** The function that a program module exports by default; a `ConfigError` says what it should have been. */
async function loadProgram<Program>(functionName: string, url: string | undefined, expected: string): Promise<Program> {
  const program: unknown = (await import(/* @vite-ignore */ String(url))).default;
  if (typeof program === "function") return program as Program;
  throw new ConfigError(
    `${functionName}: the program has no function to start. Got a default export of type ${typeof program} from ${url}, ` +
      `expected \`export default ${expected}\`.`,
    { program: url },
  );
}

/** Sends what was thrown as plain data; without its details where they cannot be cloned. */
function sendError(thrown: unknown, send: (error: PlainError) => void): void {
  const error = toPlainError(thrown);
  try {
    send(error);
  } catch {
    send({ ...error, details: {} });
  }
}
