import { connectPool, type PoolOptions } from "./connect-pool.ts";
import { poolServer } from "./serve-thread.ts";
import { webPort, webThread } from "./thread.ts";
import type { PoolProgram, WorkerPool } from "./worker-pool.ts";

/** Options of {@link startPool}. */
export type StartPoolOptions = PoolOptions & {
  /**
   * The module that every worker loads, whose default export is a `PoolProgram`; or, where a bundler should see it, how a worker is made:
   * its module calls {@link runAsWorker} with the program.
   */
  readonly program:
    | URL
    | {
        /** Makes the worker of this number. */
        readonly worker: (index: number) => Worker;
      };
};

/**
 * A pool of web workers, when the program is loaded and set up in all of them. For worker threads in Node: `@kindred/mesh/node`.
 *
 * It needs no shared memory, so any page can have one.
 *
 * @throws ConfigError if the program module's default export is not a function.
 * @throws ShapeError if `size` is not an integer ≥ 1.
 * @throws WorkerError if a worker is not ready in time. What the program throws is thrown as it is.
 *
 * @example
 * ```ts ignore
 * import { startPool } from "@kindred/mesh";
 *
 * await using pool = await startPool({ size: 2, program: new URL("./program.js", import.meta.url) });
 * await pool.run("a job");
 * ```
 */
export async function startPool<Job, Result>({
  program,
  ...options
}: StartPoolOptions): Promise<WorkerPool<Job, Result>> {
  const ofUrl = () => new Worker(new URL("./thread-main.js", import.meta.url), { type: "module" });
  return connectPool<Job, Result>(options, {
    spawn: (index) => webThread(program instanceof URL ? ofUrl() : program.worker(index)),
    program: program instanceof URL ? program.href : undefined,
  });
}

/**
 * Makes the web worker that calls it a worker of a pool that runs this program: for a worker's own module, given as `program: { worker }`.
 *
 * @example
 * ```ts ignore
 * // worker.js; on the page: startPool({ size: 2, program: { worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) } })
 * import { runAsWorker } from "@kindred/mesh";
 *
 * runAsWorker(async () => (numbers) => numbers.reduce((sum, x) => sum + x, 0));
 * ```
 */
export function runAsWorker<Data, Job, Result>(program: PoolProgram<Data, Job, Result>): void {
  const port = webPort();
  port.onMessage(poolServer(port, program));
}
