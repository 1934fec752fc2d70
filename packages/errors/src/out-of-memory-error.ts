import { KindredError } from "./kindred-error.ts";

/** How much was asked for, how much was in use, and the most that may be in use, in bytes. */
export type MemoryState = { readonly requestedBytes: number; readonly usedBytes: number; readonly limitBytes: number };

/**
 * The tensor heap is full. The allocation did not happen, and everything that was there still works. Exit code 1.
 *
 * @example
 * ```ts
 * import { OutOfMemoryError } from "@kindred/errors";
 *
 * const memory = { requestedBytes: 4096, usedBytes: 1_000_000, limitBytes: 1_000_000 };
 * new OutOfMemoryError("tensor: the heap is full. Lower maxBatchTokens.", memory).memory.usedBytes; // => 1000000
 * ```
 */
export class OutOfMemoryError extends KindredError {
  readonly exitCode = 1;
  readonly memory: MemoryState;

  constructor(message: string, memory: MemoryState) {
    super(message, memory);
    this.memory = memory;
  }
}
