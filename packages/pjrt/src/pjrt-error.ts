import { KindredError } from "@kindred/errors";

/**
 * What kind of failure it was: `RESOURCE_EXHAUSTED` is memory, `INVALID_ARGUMENT` mostly a program that does not compile,
 * `FAILED_PRECONDITION` something that was disposed, donated or closed, `UNIMPLEMENTED` what a plugin can't do.
 */
export type PjrtCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** In the order of their numbers, which are gRPC's, from 1 on. */
const codes: readonly PjrtCode[] = [
  ...(["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"] as const),
  ...(["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"] as const),
  ...(["UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"] as const),
];

/** The name of a code's number; a number that nobody knows is `UNKNOWN`. */
export function codeOfNumber(number: number): PjrtCode {
  return codes[number - 1] ?? "UNKNOWN";
}

/**
 * What a plugin refused or failed at, or a use of devices that would have ended the process. Exit code 1.
 *
 * @example
 * ```ts
 * import { PjrtError } from "@kindred/pjrt";
 *
 * const error = new PjrtError("UNIMPLEMENTED", "cost", "cost: the plugin has no cost analysis.");
 * [error.code, error.function, error.exitCode]; // => ["UNIMPLEMENTED", "cost", 1]
 * ```
 */
export class PjrtError extends KindredError {
  readonly exitCode = 1;
  /** What kind of failure it was. */
  readonly code: PjrtCode;
  /** The function that failed: one of PJRT's, as `PJRT_Client_Compile`, or one of this package. */
  readonly function: string;

  constructor(
    code: PjrtCode,
    functionName: string,
    message: string,
    details: { readonly [name: string]: unknown } = {},
  ) {
    super(message, { ...details, code, function: functionName });
    this.code = code;
    this.function = functionName;
  }
}
