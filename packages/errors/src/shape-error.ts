import { KindredError } from "./kindred-error.ts";

/** A tensor or array whose shape, length or element type does not fit. `details` holds the shapes. Exit code 1. */
export class ShapeError extends KindredError {
  readonly exitCode = 1;
}
