import type { KernelExports } from "./generated/kernel-exports.ts";
import type { KernelVariant } from "./kernel-variant.ts";

/** What of `instantiateKernels` is not always so. */
export type InstantiateOptions = {
  /**
   * Makes the bytes differ without a change of meaning. V8 keeps native code by a module's bytes, so that only a twin starts afresh.
   * Default false.
   */
  readonly twin?: boolean;
};

// An empty custom section by the name of "t".
const twinSection = [0x00, 0x02, 0x01, 0x74];

/** A variant's functions on a memory, which may be shared. Nothing is copied or allocated there. */
export async function instantiateKernels(
  variant: KernelVariant,
  memory: WebAssembly.Memory,
  { twin = false }: InstantiateOptions = {},
): Promise<KernelExports> {
  const built = await kernelBytes(variant);
  const bytes = memory.buffer instanceof ArrayBuffer ? built : withSharedMemory(built);
  const module = await WebAssembly.compile(twin ? Uint8Array.of(...bytes, ...twinSection) : bytes);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as KernelExports;
}

// Loaded when asked for, so that a bundle splits them.
const generated = {
  simd: () => import("./generated/simd.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  wide: () => import("./generated/wide.ts"),
};

/** The module of a variant, as built from `assembly/`. */
export async function kernelBytes(variant: KernelVariant): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await generated[variant]();
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/**
 * The same module for a shared memory: a copy whose memory import says so.
 *
 * The two differ in one bit of the import's limits (1 = "has a maximum" becomes 3 = "and is shared"), and kernels need no atomics:
 * threads that work on one memory at a time synchronise outside of them.
 *
 * @see WebAssembly core specification, "Import Section" and "Limits"
 */
function withSharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
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
