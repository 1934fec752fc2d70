import type { Handlers } from "./core.ts";

/** Options of {@link Mesh.call}. */
export type CallOptions = {
  /** For each core, the buffers of its argument that are moved to it instead of copied. */
  readonly transfer?: readonly (readonly Transferable[])[];
};

/**
 * A mesh of cores, as the main thread sees it. Main only calls; it is never a core itself.
 *
 * An idle mesh does not keep the process alive. When a core fails, the whole mesh stops and cannot be used again.
 */
export type Mesh<H extends Handlers = Handlers> = {
  readonly size: number;
  /**
   * Runs a method of the program on every core, each with its own argument; gives the results in core order.
   *
   * Calls made while one is running wait for it. If a core fails, the promise rejects with that core's own error (class,
   * message, stack, and `details.core`) at once; `close()` waits until the other cores' threads have ended too.
   *
   * @throws ShapeError if there is not one argument (and one transfer list) a core.
   * @throws ConfigError if the program has no such method.
   * @throws MeshError if a core's thread ended by itself, if the cores disagreed, or if the mesh is closed.
   */
  call<M extends keyof H & string>(
    method: M,
    argumentPerCore: readonly Parameters<H[M]>[0][],
    options?: CallOptions,
  ): Promise<Awaited<ReturnType<H[M]>>[]>;
  /** Stops all cores, even in the middle of a call (which then rejects). Resolves when their threads have ended. */
  close(): Promise<void>;
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
};
