import { ConfigError, fromPlainError, MeshError, nearestName, ShapeError } from "@kindred/errors";
import type { Handlers } from "./core.ts";
import type { CallOptions, Mesh } from "./mesh.ts";
import { createMeshMemory, type MeshMemory, stopCores } from "./mesh-memory.ts";
import type { CallMessage, CoreMessage, SetUpMessage } from "./serve-thread.ts";
import type { Thread } from "./thread.ts";

/** Options of `startMesh` on any kind of thread. */
export type MeshOptions = {
  /** How many cores, 1 or more; each is a thread. More than the machine has works, but is slower than as many. */
  readonly cores: number;
  /** Passed to the program on every core, as a structured clone; shared memory in it is shared. Default undefined. */
  readonly data?: unknown;
  /** How long loading and setting up may take. Default one minute. */
  readonly startTimeoutMs?: number;
  /** How long a core waits for the others in one collective. A safety net: failures are noticed at once. Default ten minutes. */
  readonly collectiveTimeoutMs?: number;
  /** Receives what a core posts with `core.post`. Default: dropped. */
  readonly onMessage?: (message: unknown, core: number) => void;
};

/** What differs with the kind of thread. */
export type MeshThreads = {
  /** A new thread that serves main. */
  readonly spawn: (core: number) => Thread;
  /** The module that every core loads, as a URL; undefined where the threads bring their own program. */
  readonly program: string | undefined;
  /** How many threads the machine runs at once. */
  readonly hardwareThreads: number;
};

/**
 * A mesh over new threads: loads the program on each, and gives the mesh when all are ready.
 *
 * A waiting core first looks again and again, then sleeps; with more cores than hardware threads it sleeps at once.
 */
export async function connectMesh<H extends Handlers>(
  { cores, data, startTimeoutMs = 60_000, collectiveTimeoutMs = 600_000, onMessage = () => {} }: MeshOptions,
  { spawn, program, hardwareThreads }: MeshThreads,
): Promise<Mesh<H>> {
  if (!Number.isInteger(cores) || cores < 1) {
    throw new ShapeError(`startMesh: no such mesh. Got cores ${cores}, expected an integer ≥ 1.`, { cores });
  }
  const spins = cores <= hardwareThreads ? 2000 : 0; // measured: 0.3 µs a barrier against 40 µs asleep
  const memory = createMeshMemory(cores, { spins, timeoutMs: collectiveTimeoutMs });
  const threads = spawnAll(cores, spawn);
  const mesh = new ConnectedMesh(threads, memory, onMessage);
  await mesh.setUp((index) => ({ call: 0, index, memory, program, data }), startTimeoutMs);
  return mesh as Mesh as Mesh<H>; // what methods the program has is known to the caller alone
}

/** All threads, or none: a machine may have no room for another, and new ones would keep the process alive. */
function spawnAll(cores: number, spawn: (core: number) => Thread): Thread[] {
  const threads: Thread[] = [];
  try {
    for (let core = 0; core < cores; core++) threads.push(spawn(core));
    return threads;
  } catch (error) {
    for (const thread of threads) void thread.stop();
    throw error;
  }
}

/** The call that the cores are working on. */
type Pending = {
  readonly call: number;
  readonly method: string;
  readonly results: unknown[];
  readonly waitingFor: Set<number>;
  readonly resolve: (results: unknown[]) => void;
  readonly reject: (error: Error) => void;
};

class ConnectedMesh implements Mesh {
  readonly size: number;
  #threads: readonly Thread[];
  #memory: MeshMemory;
  #methods: readonly string[] = [];
  #calls = 0;
  #pending: Pending | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #stopped: { readonly reason: Error; readonly ended: Promise<void> } | undefined;

  constructor(threads: readonly Thread[], memory: MeshMemory, onMessage: (message: unknown, core: number) => void) {
    this.size = threads.length;
    this.#threads = threads;
    this.#memory = memory;
    threads.forEach((thread, core) => {
      thread.onMessage((message) => this.#receive(message as CoreMessage, core, onMessage));
      thread.onEnd((cause) => this.#coreEnded(core, cause));
    });
  }

  async setUp(messageFor: (core: number) => SetUpMessage, timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stop(this.#startTimeout(timeoutMs)), timeoutMs);
    try {
      const [methods] = await this.#run("startMesh", (core) => [messageFor(core), []]);
      this.#methods = methods as string[];
    } finally {
      clearTimeout(timer);
    }
  }

  call(method: string, argumentPerCore: readonly unknown[], { transfer }: CallOptions = {}): Promise<never[]> {
    const run = async () => {
      this.#expectMethod(method);
      this.#expectOneACore("arguments", argumentPerCore);
      if (transfer) this.#expectOneACore("transfer lists", transfer);
      const message = (core: number) => ({ call: this.#calls, method, argument: argumentPerCore[core] });
      return (await this.#run(method, (core) => [message(core), transfer?.[core] ?? []])) as never[];
    };
    const results = this.#last.then(run);
    this.#last = results.catch(() => {});
    return results;
  }

  async close(): Promise<void> {
    await this.#stop(new MeshError(-1, "the mesh was closed."));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(
    method: string,
    messageFor: (core: number) => [SetUpMessage | CallMessage, readonly Transferable[]],
  ): Promise<unknown[]> {
    if (this.#stopped) {
      const { reason } = this.#stopped;
      const core = reason instanceof MeshError ? reason.core : -1;
      const message = `call: the mesh is closed. Got method "${method}" after: ${reason.message} Start a new mesh.`;
      return Promise.reject(new MeshError(core, message, { method }, { cause: reason }));
    }
    return new Promise((resolve, reject) => {
      const waitingFor = new Set(this.#threads.keys());
      this.#pending = { call: this.#calls, method, results: [], waitingFor, resolve, reject };
      this.#threads.forEach((thread, core) => {
        if (this.#stopped) return;
        try {
          thread.hold();
          thread.post(...messageFor(core));
        } catch (cannotClone) {
          this.#stop(annotated(cannotClone as Error, core));
        }
      });
    });
  }

  #receive(message: CoreMessage, core: number, onMessage: (message: unknown, core: number) => void): void {
    if (message.type === "post") onMessage(message.message, core);
    else if (message.type === "done") this.#finish(message, core);
    // The others only say that they were stopped; the first failure of all is the reason.
    else if (message.first) this.#stop(annotated(fromPlainError(message.error), core));
  }

  #finish({ call, result }: CoreMessage & { type: "done" }, core: number): void {
    const pending = this.#pending;
    if (this.#stopped || pending?.call !== call) return;
    pending.results[core] = result;
    pending.waitingFor.delete(core);
    if (pending.waitingFor.size > 0) return;
    this.#pending = undefined;
    this.#calls++;
    for (const thread of this.#threads) thread.release();
    pending.resolve(pending.results);
  }

  #coreEnded(core: number, cause: Error | string): void {
    const during = this.#pending ? `${this.#pending.method}: ` : "";
    const died = () => new MeshError(core, `${during}the thread of core ${core} ended by itself. Got ${cause}.`);
    this.#stop(typeof cause === "string" ? died() : annotated(cause, core));
  }

  /** Stops everything, once: what comes first is the reason, and what the call in progress rejects with. */
  #stop(reason: Error): Promise<void> {
    if (this.#stopped) return this.#stopped.ended;
    stopCores(this.#memory, "closed");
    const ended = Promise.all(this.#threads.map((thread) => thread.stop())).then(() => {});
    this.#stopped = { reason, ended };
    this.#pending?.reject(reason);
    this.#pending = undefined;
    return ended;
  }

  #startTimeout(timeoutMs: number): MeshError {
    const missing = [...(this.#pending?.waitingFor ?? [])];
    const message = `startMesh: cores ${missing.join(", ")} are not ready. Got nothing in ${timeoutMs} ms. Raise startTimeoutMs?`;
    return new MeshError(missing[0] ?? -1, message, { missing });
  }

  #expectMethod(method: string): void {
    if (this.#stopped || this.#methods.includes(method)) return;
    const nearest = nearestName(method, this.#methods);
    const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
    const message = `call: the program has no such method. Got "${method}", expected one of ${this.#methods.join(", ")}.`;
    throw new ConfigError(message + hint, { method });
  }

  #expectOneACore(what: string, list: readonly unknown[]): void {
    if (list.length === this.size) return;
    throw new ShapeError(`call: one of each for every core. Got ${list.length} ${what}, expected ${this.size}.`, {
      [what]: list.length,
      size: this.size,
    });
  }
}

/** The same error, with the core in its details; a `MeshError` already names the one that failed. */
function annotated<E extends Error & { details?: object }>(error: E, core: number): E {
  return Object.assign(error, { details: { core, ...error.details } });
}
