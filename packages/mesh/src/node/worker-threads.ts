import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { fromPlainError, toPlainError } from "@kindred/errors";
import { connectMesh, type MeshOptions } from "../connect-mesh.ts";
import { connectPool, type PoolOptions } from "../connect-pool.ts";
import type { Handlers } from "../core.ts";
import type { Mesh } from "../mesh.ts";
import type { Thread } from "../thread.ts";
import type { WorkerPool } from "../worker-pool.ts";

/** What threads on Node may be told. */
export type ThreadOptions = {
  /** Most bytes of each thread's JavaScript heap, without typed arrays and tensors. Default: Node's own limit. */
  readonly heapLimitBytes?: number | undefined;
};

/** Options of {@link startMesh}. */
export type StartMeshOptions = MeshOptions &
  ThreadOptions & {
    /** The module that every core loads; its default export is a `CoreProgram`. */
    readonly program: URL;
  };

/**
 * A mesh of cores on worker threads, when the program is loaded and set up on all of them.
 *
 * @throws ShapeError if `cores` is not an integer ≥ 1.
 * @throws ConfigError if the program module's default export is not a function.
 * @throws MeshError if a core is not ready in time. What the program throws on a core is thrown as it is.
 *
 * @example
 * ```ts
 * import { startMesh } from "@kindred/mesh/node";
 *
 * const source = `export default async (core) => ({ ranks: (n) => [...core.allGather(Float32Array.of(n * core.index))] })`;
 * const program = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
 * const mesh = await startMesh({ cores: 2, program });
 * await mesh.call("ranks", [10, 10]); // => [[0, 10], [0, 10]]
 * await mesh.close();
 * ```
 */
export function startMesh<H extends Handlers = Handlers>({
  program,
  heapLimitBytes,
  ...options
}: StartMeshOptions): Promise<Mesh<H>> {
  return connectMesh<H>(options, {
    spawn: (core) => spawnThread(`core ${core}`, { heapLimitBytes }),
    program: program.href,
    hardwareThreads: availableParallelism(),
  });
}

/** Options of {@link startPool}. */
export type StartPoolOptions = PoolOptions &
  ThreadOptions & {
    /** The module that every worker loads; its default export is a `PoolProgram`. */
    readonly program: URL;
  };

/**
 * A pool of worker threads, when the program is loaded and set up in all of them.
 *
 * @throws ConfigError if the program module's default export is not a function.
 * @throws ShapeError if `size` is not an integer ≥ 1.
 * @throws WorkerError if a worker is not ready in time. What the program throws is thrown as it is.
 *
 * @example
 * ```ts
 * import { startPool } from "@kindred/mesh/node";
 *
 * const source = `export default async (base) => (x) => base + x`;
 * const program = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
 * const pool = await startPool<number, number>({ size: 2, program, data: 10 });
 * await Promise.all([1, 2, 3].map((x) => pool.run(x))); // => [11, 12, 13]
 * await pool.close();
 * ```
 */
export function startPool<Job, Result>({
  program,
  heapLimitBytes,
  ...options
}: StartPoolOptions): Promise<WorkerPool<Job, Result>> {
  return connectPool<Job, Result>(options, {
    spawn: (worker) => spawnThread(`worker ${worker}`, { heapLimitBytes }),
    program: program.href,
  });
}

/** The file that a thread runs: beside this one; for sources on a Node that cannot run them, the built one. */
function threadMainUrl(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./thread-main.js", import.meta.url);
  const runsTypes = (process.features as { typescript?: unknown }).typescript;
  return new URL(runsTypes ? "./thread-main.ts" : "../../dist/node/thread-main.js", import.meta.url);
}

/** A thread on Node. */
function spawnThread(name: string, { heapLimitBytes }: ThreadOptions): Thread {
  const limits = heapLimitBytes === undefined ? {} : { maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / 2 ** 20) };
  const worker = new Worker(threadMainUrl(), {
    name,
    resourceLimits: limits,
    ...workerArguments(),
  });
  let stopping = false;
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as never),
    onMessage: (listener) => worker.on("message", listener),
    onEnd: (listener) => {
      worker.on("messageerror", (error) => listener(error));
      worker.on("error", (error) => listener(uncaught(error)));
      worker.on("exit", (code) => {
        if (!stopping) listener(`exit code ${code}`);
      });
    },
    receivesInJobs: true,
    hold: () => worker.ref(),
    release: () => worker.unref(),
    stop: async () => {
      stopping = true;
      await worker.terminate();
    },
  };
}

/**
 * Main's flags, but for `--input-type`: Node applies it to the worker's file as well, and refuses. Without it nothing is said, since Node then passes on
 * also those that it refuses when they are named, as `--max-old-space-size`.
 */
function workerArguments(): { readonly execArgv?: string[] } {
  const named = (argument: string | undefined) => argument === "--input-type";
  const execArgv = process.execArgv.filter(
    (argument, i, all) => !named(argument) && !argument.startsWith("--input-type=") && !named(all[i - 1]),
  );
  return execArgv.length === process.execArgv.length ? {} : { execArgv };
}

/** Node passes on an uncaught error's own properties but not its class; running out of memory is a code of its own. */
function uncaught(thrown: unknown): Error | string {
  if (!(thrown instanceof Error)) return fromPlainError(toPlainError(thrown));
  const error: Error & { code?: unknown; details?: object } = thrown;
  if (error.code === "ERR_WORKER_OUT_OF_MEMORY") return `too little memory (${error.message})`;
  return fromPlainError({ ...toPlainError(error), details: { ...error.details } });
}
