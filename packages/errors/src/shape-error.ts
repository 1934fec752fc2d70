import { KindredError } from "./kindred-error.ts";

/**
 * A tensor or array whose shape, length or element type does not fit. `details` holds the shapes. Exit code 1.
 *
 * @example
 * ```ts
 * import { ShapeError } from "@kindred/errors";
 *
 * const error = new ShapeError("linear: in has two sizes. Got 3 and 4, expected one.", { x: [2, 3], weight: [5, 4] });
 * [error.exitCode, error.details]; // => [1, { x: [2, 3], weight: [5, 4] }]
 * ```
 */
export class ShapeError extends KindredError {
  readonly exitCode = 1;
}
