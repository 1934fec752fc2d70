import { availableParallelism } from "node:os";
import { connectMesh, type MeshOptions } from "../connect-mesh.ts";
import type { Handlers } from "../core.ts";
import type { Mesh } from "../mesh.ts";
import { spawnThread } from "./spawn-thread.ts";

/** Options of {@link startMesh}. */
export type StartMeshOptions = MeshOptions & {
  /** The module that every core loads; its default export is a `CoreProgram`. */
  readonly program: URL;
  /** Most bytes of each core's JavaScript heap, without typed arrays and tensors. Default: Node's own limit. */
  readonly heapLimitBytes?: number | undefined;
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
