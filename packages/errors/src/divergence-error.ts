import { KindredError } from "./kindred-error.ts";

/** Training has left the numbers: a loss or gradient is not finite. The weights are those of before the step. Exit code 1. */
export class DivergenceError extends KindredError {
  readonly exitCode = 1;
}
