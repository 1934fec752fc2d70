import { availableParallelism } from "node:os";
import { ShapeError } from "@kindred/errors";
import { connectMesh } from "../connect-mesh.ts";
import type { Handlers } from "../core-program.ts";
import type { Mesh } from "../mesh.ts";
import { createMeshMemory } from "../mesh-memory.ts";
import { spawnCore } from "./spawn-core.ts";

/** Options of {@link startMesh}. */
export type StartMeshOptions = {
  /** How many cores, 1 or more; each is a thread. More than the machine has works, but is slower than as many. */
  readonly cores: number;
  /** The module that every core loads; its default export is a `CoreProgram`. */
  readonly program: URL;
  /** Passed to the program on every core, as a structured clone; shared memory in it is shared. Default undefined. */
  readonly data?: unknown;
  /** How long loading and setting up may take. Default one minute. */
  readonly startTimeoutMs?: number;
  /** How long a core waits for the others in one collective. A safety net: failures are noticed at once. Default ten minutes. */
  readonly collectiveTimeoutMs?: number;
  /** Most bytes of each core's JavaScript heap, without typed arrays and tensors. Default: Node's own limit. */
  readonly heapLimitBytes?: number;
  /** Receives what a core posts with `core.post`. Default: dropped. */
  readonly onMessage?: (message: unknown, core: number) => void;
};

/**
 * A mesh of cores on worker threads, when the program is loaded and set up on all of them.
 *
 * A waiting core first looks again and again, then sleeps; with more cores than hardware threads it sleeps at once.
 *
 * @throws ShapeError if `cores` is not an integer ≥ 1.
 * @throws ConfigError if the program module's default export is not a function.
 * @throws MeshError if a core is not ready in time. What the program throws on a core is thrown as it is.
 *
 * @example
 * ```ts
 * import { startMesh } from "@kindred/tpu-sharding/node";
 *
 * const source = `export default async (core) => ({ ranks: (n) => [...core.allGather(Float32Array.of(n * core.index))] })`;
 * const program = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
 * const mesh = await startMesh({ cores: 2, program });
 * await mesh.call("ranks", [10, 10]); // => [[0, 10], [0, 10]]
 * await mesh.close();
 * ```
 */
export async function startMesh<H extends Handlers = Handlers>({
  cores,
  program,
  data,
  startTimeoutMs = 60_000,
  collectiveTimeoutMs = 600_000,
  heapLimitBytes,
  onMessage = () => {},
}: StartMeshOptions): Promise<Mesh<H>> {
  if (!Number.isInteger(cores) || cores < 1) {
    throw new ShapeError(`startMesh: no such mesh. Got cores ${cores}, expected an integer ≥ 1.`, { cores });
  }
  const spins = cores <= availableParallelism() ? 2000 : 0; // measured: 0.3 µs a barrier against 40 µs asleep
  const memory = createMeshMemory(cores, { spins, timeoutMs: collectiveTimeoutMs });
  const workers = Array.from({ length: cores }, (_, core) =>
    spawnCore(core, heapLimitBytes === undefined ? {} : { heapLimitBytes }),
  );
  return connectMesh<H>(workers, { memory, program: program.href, data, startTimeoutMs, onMessage });
}
