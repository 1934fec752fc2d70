import { startMesh } from "@kindred/mesh/node";
import { connectSteps } from "../connect-steps.ts";
import type { StepHandlers } from "../step-core.ts";
import type { StepRunner, StepRunnerOptions } from "../step-runner.ts";

/** Options of {@link startStepRunner}. */
export type StartStepRunnerOptions<Data> = StepRunnerOptions<Data> & {
  /** Worker threads, 1 or more. */
  readonly cores: number;
  /** The module whose default export makes the program, see `MakeStepProgram`: functions do not cross threads. */
  readonly program: URL;
};

/**
 * A runner over worker threads that share memory, when all are ready. Parameters and what the optimizer remembers lie there; each core
 * moves its part in place, and the main thread reads them without a copy.
 *
 * @throws ConfigError if the engine has no module, or the program exports no function.
 * @throws ShapeError unless there are values for all parameters, of their sizes.
 * @throws MeshError if a core is not ready in time. What engine and program throw is thrown as it is.
 *
 * @example
 * ```ts ignore
 * import type { StepRunnerOptions } from "@kindred/tpu-sharding";
 * import { startStepRunner } from "@kindred/tpu-sharding/node";
 *
 * declare const options: StepRunnerOptions<object>;
 * const runner = await startStepRunner({ ...options, cores: 2, program: new URL("./program.js", import.meta.url) });
 * ```
 */
export async function startStepRunner<Data, Share, Batch>({
  program,
  ...options
}: StartStepRunnerOptions<Data>): Promise<StepRunner<Share, Batch>> {
  // Cores run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
  const core = import.meta.url.endsWith(".ts") ? "../../dist/step-core.js" : "../step-core.js";
  return connectSteps(options, program.href, (mesh) =>
    startMesh<StepHandlers>({ ...mesh, program: new URL(core, import.meta.url) }),
  );
}
