import type { NamedArrays } from "./parameter-views.ts";
import { sharedArrays } from "./shared-arrays.ts";

/** Arrays in shared memory, and the WebAssembly memory that they lie in. */
export type SharedHeap<Name extends string = string> = {
  readonly arrays: Readonly<Record<Name, Float32Array<SharedArrayBuffer>>>;
  /** All arrays are views of its buffer, so that WebAssembly can work on them in place; undefined where they are too large. */
  readonly heap: WebAssembly.Memory | undefined;
};

const pageBytes = 2 ** 16;
const mostPages = 2 ** 16;
/** Each array begins where a cache line does. */
const alignment = 64;

/**
 * Zeros in shared memory by name, as `sharedArrays`, but in one WebAssembly memory where they fit: 4 GiB in all. Pass both to the cores in a
 * mesh's `data`. What kernels need beside the arrays has `reserve` bytes from address 0 on.
 *
 * @param lengthsByName elements of each array.
 *
 * @example
 * ```ts
 * import { sharedHeap } from "@kindred/tpu-sharding";
 *
 * const { arrays, heap } = sharedHeap({ first: 2, second: 3 });
 * arrays.second; // => [0, 0, 0]
 * arrays.second.buffer === heap.buffer; // => true
 * ```
 */
export function sharedHeap<Name extends string>(
  lengthsByName: Readonly<Record<Name, number>>,
  options?: { readonly reserve?: number },
): SharedHeap<Name>;
export function sharedHeap(
  lengthsByName: Readonly<Record<string, number>>,
  { reserve = 1024 }: { readonly reserve?: number } = {},
): { readonly arrays: NamedArrays; readonly heap: WebAssembly.Memory | undefined } {
  const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  let bytes = aligned(reserve);
  const places = Object.entries(lengthsByName).map(([name, length]) => {
    const start = bytes;
    bytes = aligned(bytes + 4 * length);
    return { name, start, length };
  });
  const pages = Math.ceil(bytes / pageBytes);
  if (pages > mostPages) return { arrays: sharedArrays(lengthsByName), heap: undefined };
  const heap = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const arrays = places.map(({ name, start, length }) => [name, new Float32Array(heap.buffer, start, length)]);
  return { arrays: Object.fromEntries(arrays), heap };
}
