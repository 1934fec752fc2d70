import { startMesh } from "@kindred/mesh";
import { connectSteps } from "./connect-steps.ts";
import type { StepHandlers } from "./step-core.ts";
import type { StepRunner, StepRunnerOptions } from "./step-runner.ts";

/** Options of {@link startStepRunner}. */
export type StartStepRunnerOptions<Data> = StepRunnerOptions<Data> & {
  readonly cores: number;
  /**
   * The module whose default export makes the program, see `MakeStepProgram`; or, where a bundler should see it, how a core's worker is
   * made: its module calls `runAsCore(stepCore({ program, engine }))`.
   */
  readonly program:
    | URL
    | {
        /** Makes the worker of this number. */
        readonly worker: (core: number) => Worker;
      };
};

/**
 * A runner over web workers that share memory, when all are ready. For worker threads in Node: `@kindred/tpu-sharding/node`; for pages
 * without shared memory {@link soloStepRunner}.
 *
 * @throws ConfigError if the page has no shared memory, the engine has no module, or the program exports no function.
 * @throws ShapeError unless there are values for all parameters, of their sizes. What engine and program throw is thrown as it is.
 *
 * @example
 * ```ts ignore
 * import { startStepRunner, type StepRunnerOptions } from "@kindred/tpu-sharding";
 *
 * declare const options: StepRunnerOptions<object>;
 * const runner = await startStepRunner({ ...options, cores: 2, program: new URL("./program.js", import.meta.url) });
 * ```
 */
export async function startStepRunner<Data, Share, Batch>({
  program,
  ...options
}: StartStepRunnerOptions<Data>): Promise<StepRunner<Share, Batch>> {
  const isUrl = program instanceof URL;
  const cores = isUrl ? new URL("./step-core.js", import.meta.url) : program;
  return connectSteps(options, isUrl ? program.href : undefined, (mesh) =>
    startMesh<StepHandlers>({ ...mesh, program: cores }),
  );
}
