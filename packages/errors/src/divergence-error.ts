import { KindredError } from "./kindred-error.ts";

/**
 * Training has left the numbers: a loss or gradient is not finite. The weights are those of before the step. Exit code 1.
 *
 * @example
 * ```ts
 * import { DivergenceError } from "@kindred/errors";
 *
 * new DivergenceError("train: the loss is not finite. Lower learningRate.", { step: 12 }).details; // => { step: 12 }
 * ```
 */
export class DivergenceError extends KindredError {
  readonly exitCode = 1;
}
