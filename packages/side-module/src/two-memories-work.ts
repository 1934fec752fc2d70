// (module (memory 0) (memory 0))
const probe = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x05, 0x05, 0x02, 0x00, 0x00, 0x00, 0x00);

/**
 * Whether a module may have two memories in this engine: Node 20 and Safari know one, Node 22, Chrome 120 and Firefox 125 several.
 *
 * @see https://github.com/WebAssembly/multi-memory
 *
 * @example
 * ```ts
 * import { twoMemoriesWork } from "@kindred/side-module";
 *
 * typeof twoMemoriesWork(); // => "boolean"
 * ```
 */
export function twoMemoriesWork(): boolean {
  return WebAssembly.validate(probe);
}
