import { connectPool, type PoolOptions } from "../connect-pool.ts";
import type { WorkerPool } from "../worker-pool.ts";
import { spawnThread } from "./spawn-thread.ts";

/** Options of {@link startPool}. */
export type StartPoolOptions = PoolOptions & {
  /** The module that every worker loads; its default export is a `PoolProgram`. */
  readonly program: URL;
  /** Most bytes of each worker's JavaScript heap, without typed arrays and tensors. Default: Node's own limit. */
  readonly heapLimitBytes?: number | undefined;
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
