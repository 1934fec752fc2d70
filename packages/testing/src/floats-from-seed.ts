/**
 * `count` float32 numbers in −2 … 2 that are told by a seed, one in 32 of them exactly 0 or −0.
 *
 * For inputs too large to draw element by element. (The mixing function is Wellons' lowbias32, 2018.)
 */
export function floatsFromSeed(seed: number, count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => {
    let word = Math.imul(seed + 1, 0x9e3779b1) + i;
    word = Math.imul(word ^ (word >>> 16), 0x7feb352d);
    word = Math.imul(word ^ (word >>> 15), 0x846ca68b);
    word ^= word >>> 16;
    if ((word & 31) === 0) return word & 32 ? 0 : -0;
    return (word >>> 0) / 2 ** 30 - 2;
  });
}
