/**
 * A build of the kernels: `"simd"` multiplies and adds 128 bits at a time and runs everywhere; `"relaxed"` does both at once where
 * the machine can (Node 22, Chrome 114, Firefox 146); `"wide"` has larger tiles, for V8's pairing to 256 bits.
 */
export type KernelVariant = "simd" | "relaxed" | "wide";

// (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd)
const probe = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b], // one type: v128 → v128
  ...[0x03, 0x02, 0x01, 0x00], // one function, of that type
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
]);

/** Whether this engine has relaxed SIMD: Node 20 does not, Node 22 does. */
export function relaxedSimdWorks(): boolean {
  return WebAssembly.validate(probe);
}
