import { ConfigError, fromPlainError, MeshError, nearestName, ShapeError } from "@kindred/errors";
import type { Handlers } from "./core-program.ts";
import type { CoreWorker } from "./core-worker.ts";
import type { CallOptions, Mesh } from "./mesh.ts";
import { type MeshMemory, stopCores } from "./mesh-memory.ts";
import type { CallMessage, CoreMessage, SetUpMessage } from "./mesh-messages.ts";

/** Options of {@link connectMesh}: those of `startMesh` that do not depend on the kind of thread. */
export type ConnectMeshOptions = {
  readonly memory: MeshMemory;
  /** The module that every core loads, as a URL. */
  readonly program: string;
  readonly data: unknown;
  readonly startTimeoutMs: number;
  readonly onMessage: (message: unknown, core: number) => void;
};

/** A mesh over threads that run {@link serveCore}: loads the program on each, and gives the mesh when all are ready. */
export async function connectMesh<H extends Handlers>(
  workers: readonly CoreWorker[],
  { memory, program, data, startTimeoutMs, onMessage }: ConnectMeshOptions,
): Promise<Mesh<H>> {
  const mesh = new ConnectedMesh(workers, memory, onMessage);
  const methods = mesh.setUp((index) => ({ call: 0, index, memory, program, data }), startTimeoutMs);
  return (await methods) as unknown as Mesh<H>;
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
  #workers: readonly CoreWorker[];
  #memory: MeshMemory;
  #methods: readonly string[] = [];
  #calls = 0;
  #pending: Pending | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #stopped: { readonly reason: Error; readonly ended: Promise<void> } | undefined;

  constructor(workers: readonly CoreWorker[], memory: MeshMemory, onMessage: (message: unknown, core: number) => void) {
    this.size = workers.length;
    this.#workers = workers;
    this.#memory = memory;
    workers.forEach((worker, core) => {
      worker.onMessage((message) => this.#receive(message as CoreMessage, core, onMessage));
      worker.onEnd((cause) => this.#coreEnded(core, cause));
    });
  }

  async setUp(messageFor: (core: number) => SetUpMessage, timeoutMs: number): Promise<this> {
    const timer = setTimeout(() => this.#stop(this.#startTimeout(timeoutMs)), timeoutMs);
    try {
      const methods = await this.#run("startMesh", (core) => [messageFor(core), []]);
      this.#methods = methods[0] as string[];
      return this;
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
    this.#stop(new MeshError(-1, "the mesh was closed."));
    await this.#stopped!.ended;
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
      const waitingFor = new Set(this.#workers.keys());
      this.#pending = { call: this.#calls, method, results: [], waitingFor, resolve, reject };
      this.#workers.forEach((worker, core) => {
        if (this.#stopped) return;
        try {
          worker.hold();
          worker.post(...messageFor(core));
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
    for (const worker of this.#workers) worker.release();
    pending.resolve(pending.results);
  }

  #coreEnded(core: number, cause: Error | number): void {
    const during = this.#pending ? `${this.#pending.method}: ` : "";
    const died = () =>
      new MeshError(core, `${during}the thread of core ${core} ended by itself. Got exit code ${cause}.`, { cause });
    this.#stop(typeof cause === "number" ? died() : annotated(cause, core));
  }

  /** Stops everything, once: what comes first is the reason, and what the call in progress rejects with. */
  #stop(reason: Error): void {
    if (this.#stopped) return;
    stopCores(this.#memory, "closed");
    const ended = Promise.all(this.#workers.map((worker) => worker.stop())).then(() => {});
    this.#stopped = { reason, ended };
    this.#pending?.reject(reason);
    this.#pending = undefined;
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
