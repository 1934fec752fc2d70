import { OutOfMemoryError } from "@kindred/errors";

const pageBytes = 2 ** 16;
const mebibyte = 2 ** 20;
/** A cache line. */
const alignment = 64;
/** Where any WebAssembly memory ends: 4 GiB. */
const heapEndBytes = 2 ** 32;

/**
 * Appends bytes to a memory, and gives the address of the first. In a shared memory they are the caller's alone, whoever else appends.
 *
 * @throws OutOfMemoryError where the memory would become larger than WebAssembly's may be, or the machine has no more
 */
export function append(memory: WebAssembly.Memory, bytes: number): number {
  try {
    return memory.grow(Math.ceil(bytes / pageBytes)) * pageBytes;
  } catch {
    const usedBytes = memory.buffer.byteLength;
    const told = (count: number) => `${(count / mebibyte).toFixed(1)} MiB`;
    throw new OutOfMemoryError(
      `frozen weights: ${told(bytes)} more do not fit into their memory. Got ${told(usedBytes)} in use, expected at most ` +
        `${told(heapEndBytes)} in all, which is where a WebAssembly memory ends. Keep weights in fewer bits (weights bfloat16 or int8).`,
      { requestedBytes: bytes, usedBytes, limitBytes: heapEndBytes },
    );
  }
}

/** Addresses, 64-byte aligned, of stretches of bytes; what they hold is undefined, and until the next call theirs. */
export type Room = <Sizes extends readonly number[]>(...byteCounts: Sizes) => { [I in keyof Sizes]: number };

/** Room of this thread's own at the end of a memory, appended where more is asked for than before. */
export function roomBeside(memory: WebAssembly.Memory): Room {
  let block = { address: 0, bytes: 0 };
  return (...byteCounts) => {
    const offsets: number[] = [];
    let bytes = 0;
    for (const byteCount of byteCounts) {
      offsets.push(bytes);
      bytes += Math.ceil(byteCount / alignment) * alignment;
    }
    if (bytes > block.bytes) block = { address: append(memory, bytes), bytes };
    return offsets.map((offset) => block.address + offset) as { [I in keyof typeof byteCounts]: number };
  };
}
