import type { Key } from "./key.ts";

/** Skein's key-schedule parity constant, cut to 32 bits: it keeps the all-zero key from being a fixed point. */
const PARITY = 0x1bd11bda;

/**
 * Writes the two words of one Threefry-2x32-20 block into `out[0]` and `out[1]`: {@link threefry2x32} without an
 * allocation, for inner loops.
 *
 * Words are taken modulo 2³², so signed and unsigned forms of the same bits are equal.
 *
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.2
 *
 * @example
 * ```ts
 * import { threefry2x32, threefryInto } from "@kindred/random";
 *
 * const out = new Uint32Array(2);
 * threefryInto(out, 1, 2, 3, 4);
 * out.join() === threefry2x32([1, 2], 3, 4).join(); // => true
 * ```
 */
export function threefryInto(out: Uint32Array, k0: number, k1: number, c0: number, c1: number): void {
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;

  // Five groups of four rounds, written out: add, rotate by the schedule's constant, xor. After each group a key word
  // is injected.
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + k1) | 0;
  x1 = (x1 + k2 + 1) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + k2) | 0;
  x1 = (x1 + k0 + 2) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + k0) | 0;
  x1 = (x1 + k1 + 3) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + k1) | 0;
  x1 = (x1 + k2 + 4) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  out[0] = x0 + k2;
  out[1] = x1 + k0 + 5;
}

const block = new Uint32Array(2);

/**
 * The two random words at counter (c0, c1) of a key: the Threefry-2x32 block function with 20 rounds.
 *
 * For each key a bijection of the 2⁶⁴ counters, so a key repeats no block. It passes BigCrush (paper, section 5); it is
 * not for secrets.
 *
 * @param key two 32-bit words
 * @param c0 first word of the counter
 * @param c1 second word of the counter
 * @returns two unsigned 32-bit words
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.2
 *
 * @example
 * ```ts
 * import { threefry2x32 } from "@kindred/random";
 *
 * threefry2x32([0x13198a2e, 0x03707344], 0x243f6a88, 0x85a308d3); // => [0xc4923a9c, 0x483df7a0]
 * ```
 */
export function threefry2x32(key: Key, c0: number, c1: number): [number, number] {
  threefryInto(block, key[0], key[1], c0, c1);
  const [w0 = 0, w1 = 0] = block;
  return [w0, w1];
}
