/**
 * The same module for a shared memory: a copy whose memory import says so.
 *
 * The two differ in one bit of the import's limits (1 = "has a maximum" becomes 3 = "and is shared"), and kernels need no atomics:
 * threads that work on one memory at a time synchronise outside of them.
 *
 * @see WebAssembly core specification, "Import Section" and "Limits"
 */
export function withSharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const shared = module.slice();
  // "env", "memory", each after its length; then 2 = a memory, and its limits.
  const name = [3, ...ascii("env"), 6, ...ascii("memory"), 2, 1];
  const at = shared.findIndex((_, i) => name.every((byte, j) => shared[i + j] === byte));
  if (at < 0) throw new Error("withSharedMemory: the module imports no env.memory with a maximum.");
  shared[at + name.length - 1] = 3;
  return shared;
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
