import { type ErrorDetails, KindredError } from "./kindred-error.ts";

/**
 * A core of a mesh that failed, or that was stopped because another one did. `core` is the one that failed. Exit code 1.
 *
 * @example
 * ```ts
 * import { MeshError } from "@kindred/errors";
 *
 * const error = new MeshError(1, "core 1 has ended.", { exitCode: 9 });
 * [error.core, error.details]; // => [1, { exitCode: 9, core: 1 }]
 * ```
 */
export class MeshError extends KindredError {
  readonly exitCode = 1;
  readonly core: number;

  constructor(core: number, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, { ...details, core }, options);
    this.core = core;
  }
}
