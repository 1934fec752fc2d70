import { ConfigError } from "@kindred/errors";
import { connectMesh, type MeshOptions } from "./connect-mesh.ts";
import type { CoreProgram, Handlers } from "./core.ts";
import type { Mesh } from "./mesh.ts";
import { coreServer } from "./serve-thread.ts";
import { webPort, webThread } from "./thread.ts";

/** Options of {@link startMesh}. */
export type StartMeshOptions = MeshOptions & {
  /**
   * The module that every core loads, whose default export is a `CoreProgram`; or, where a bundler should see it, how a core's worker is
   * made: its module calls {@link runAsCore} with the program.
   */
  readonly program:
    | URL
    | {
        /** Makes the worker of this number. */
        readonly worker: (core: number) => Worker;
      };
};

/**
 * A mesh of cores on web workers, when the program is loaded and set up on all of them. For worker threads in Node: `@kindred/mesh/node`.
 *
 * The cores share memory, which a browser gives to isolated pages alone.
 *
 * @throws ConfigError if the page has no shared memory, or the program module's default export is not a function.
 * @throws ShapeError if `cores` is not an integer ≥ 1.
 * @throws MeshError if a core is not ready in time. What the program throws on a core is thrown as it is.
 * @see MDN, "Window: crossOriginIsolated property".
 *
 * @example
 * ```ts ignore
 * import { startMesh } from "@kindred/mesh";
 *
 * await using mesh = await startMesh({ cores: 2, program: new URL("./program.js", import.meta.url) });
 * await mesh.call("sum", [[1, 2], [10, 20]]);
 * ```
 */
export async function startMesh<H extends Handlers = Handlers>({
  program,
  ...options
}: StartMeshOptions): Promise<Mesh<H>> {
  if (typeof SharedArrayBuffer === "undefined") {
    throw new ConfigError(
      "startMesh: this page has no shared memory. Got no SharedArrayBuffer, expected an isolated page. Serve it with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or use one core (soloCore).",
    );
  }
  const ofUrl = () => new Worker(new URL("./thread-main.js", import.meta.url), { type: "module" });
  return connectMesh<H>(options, {
    spawn: (core) => webThread(program instanceof URL ? ofUrl() : program.worker(core)),
    program: program instanceof URL ? program.href : undefined,
    hardwareThreads: navigator.hardwareConcurrency,
  });
}

/**
 * Makes the web worker that calls it a core that runs this program: for a worker's own module, given as `program: { worker }`.
 *
 * @example
 * ```ts ignore
 * // worker.js; on the page: startMesh({ cores: 2, program: { worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }) } })
 * import { runAsCore } from "@kindred/mesh";
 *
 * runAsCore(async (core) => ({ sum: (numbers) => core.allReduce(Float32Array.from(numbers)) }));
 * ```
 */
export function runAsCore<Data>(program: CoreProgram<Data, Handlers>): void {
  const port = webPort();
  port.onMessage(coreServer(port, program));
}
