import { kernelBytes } from "./kernel-bytes.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import type { KernelVariant } from "./kernel-variant.ts";
import { withSharedMemory } from "./with-shared-memory.ts";

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
