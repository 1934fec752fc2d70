/** What of {@link startSideModule} is not always so. */
export type SideModuleOptions = {
  /**
   * Makes the bytes differ without a change of meaning. V8 keeps native code by a module's bytes, so that only a twin starts afresh.
   * Default false.
   */
  readonly twin?: boolean;
  /** The memory that a module imports as `env.heap` beside its own, shared or not. Default: it imports none. */
  readonly heap?: WebAssembly.Memory;
};

// An empty custom section by the name of "t".
const twinSection = [0x00, 0x02, 0x01, 0x74];

/**
 * The functions of a side module on a memory, which may be shared. Nothing is copied or allocated there: whatever needs a place in the memory is
 * handed its address.
 *
 * @param base64 the module's bytes: it imports `env.memory`, with a maximum, and nothing else but `env.heap`, and exports functions
 *
 * @example
 * ```ts
 * import { startSideModule } from "@kindred/side-module";
 *
 * // (module (import "env" "memory" (memory 1 1)) (func (export "at0") (result i32) i32.const 0 i32.load))
 * const base64 = "AGFzbQEAAAABBQFgAAF/AhABA2VudgZtZW1vcnkCAQEBAwIBAAcHAQNhdDAAAAoJAQcAQQAoAgAL";
 * const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
 * const { at0 } = await startSideModule<{ at0: () => number }>(base64, memory);
 * new Int32Array(memory.buffer)[0] = 7;
 * at0(); // => 7
 * ```
 */
export async function startSideModule<Functions>(
  base64: string,
  memory: WebAssembly.Memory,
  { twin = false, heap }: SideModuleOptions = {},
): Promise<Functions> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const env = heap === undefined ? { memory } : { memory, heap };
  for (const [name, { buffer }] of Object.entries(env)) if (!(buffer instanceof ArrayBuffer)) share(bytes, name);
  const module = await WebAssembly.compile(twin ? Uint8Array.of(...bytes, ...twinSection) : bytes);
  const { exports } = await WebAssembly.instantiate(module, { env });
  return exports as Functions; // written beside the module, from the same sources
}

/**
 * Makes a module's import of a memory say that it is shared.
 *
 * The two differ in one bit of the import's limits (1 = "has a maximum" becomes 3 = "and is shared"), and kernels need no atomics:
 * threads that work on one memory at a time synchronise outside of them.
 *
 * @see WebAssembly core specification, "Import Section" and "Limits"
 */
function share(module: Uint8Array, memory: string): void {
  // "env" and the memory's name, each after its length; then 2 = a memory, and its limits.
  const name = [3, ...ascii("env"), memory.length, ...ascii(memory), 2, 1];
  const at = module.findIndex((_, i) => name.every((byte, j) => module[i + j] === byte));
  if (at < 0) throw new Error(`startSideModule: the module imports no env.${memory} with a maximum.`);
  module[at + name.length - 1] = 3;
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
