import { type ErrorDetails, KindredError } from "./kindred-error.ts";

/**
 * A worker of a pool that ended in the middle of a job, or a pool that was closed before the job was done. Exit code 1.
 *
 * `worker` is the one that ended, −1 where the whole pool did.
 *
 * @example
 * ```ts
 * import { WorkerError } from "@kindred/errors";
 *
 * const error = new WorkerError(1, "run: the thread of worker 1 ended by itself. Got exit code 9.", { exitCode: 9 });
 * [error.worker, error.details]; // => [1, { exitCode: 9, worker: 1 }]
 * ```
 */
export class WorkerError extends KindredError {
  readonly exitCode = 1;
  readonly worker: number;

  constructor(worker: number, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, { ...details, worker }, options);
    this.worker = worker;
  }
}
