import fc from "fast-check";
import { expect, test } from "vitest";
import { threefry2x32, threefryInto } from "./index.ts";

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

// Known answers of the authors' distribution Random123 (kat_vectors, threefry2x32, 20 rounds).
test.each([
  { key: [0, 0], counter: [0, 0], block: [0x6b200159, 0x99ba4efe] },
  { key: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff], block: [0x1cb996fc, 0xbb002be7] },
  { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], block: [0xc4923a9c, 0x483df7a0] },
] as const)("gives the paper's block for key $key", ({ key, counter, block }) => {
  expect(threefry2x32(key, counter[0], counter[1])).toEqual(block);
});

test("equals the paper's loop over rounds, for any key and counter", () => {
  fc.assert(
    fc.property(word, word, word, word, (k0, k1, c0, c1) => {
      expect(threefry2x32([k0, k1], c0, c1)).toEqual(roundByRound([k0, k1], [c0, c1]));
    }),
  );
});

test("reads signed and unsigned words alike, and writes the same block in place", () => {
  const out = new Uint32Array(2);
  fc.assert(
    fc.property(word, word, word, word, (k0, k1, c0, c1) => {
      threefryInto(out, k0 | 0, k1 | 0, c0 | 0, c1 | 0);
      expect([...out]).toEqual(threefry2x32([k0, k1], c0, c1));
    }),
  );
});

/** Section 4.2 as it is written, in arithmetic without a size limit. */
function roundByRound(key: [number, number], counter: [number, number]): number[] {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const mod = (x: bigint) => x & 0xffffffffn;
  const schedule = [BigInt(key[0]), BigInt(key[1]), BigInt((0x1bd11bda ^ key[0] ^ key[1]) >>> 0)];
  let [left, right] = [mod(BigInt(counter[0]) + schedule[0]!), mod(BigInt(counter[1]) + schedule[1]!)];
  for (let round = 0; round < 20; round++) {
    const by = BigInt(rotations[round % 8]!);
    left = mod(left + right);
    right = mod((right << by) | (right >> (32n - by))) ^ left;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    left = mod(left + schedule[injection % 3]!);
    right = mod(right + schedule[(injection + 1) % 3]! + BigInt(injection));
  }
  return [Number(left), Number(right)];
}
