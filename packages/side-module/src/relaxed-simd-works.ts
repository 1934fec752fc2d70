// (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd)
const probe = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b], // one type: v128 → v128
  ...[0x03, 0x02, 0x01, 0x00], // one function, of that type
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
]);

/**
 * Whether this engine has relaxed SIMD, with which a multiplication and an addition are one instruction: Node 20 does not, Node 22, Chrome 114 and
 * Firefox 146 do.
 *
 * @example
 * ```ts
 * import { relaxedSimdWorks } from "@kindred/side-module";
 *
 * typeof relaxedSimdWorks(); // => "boolean"
 * ```
 */
export function relaxedSimdWorks(): boolean {
  return WebAssembly.validate(probe);
}
