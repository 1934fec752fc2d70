import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { clipByGlobalNorm, globalNorm, type NamedArrays } from "./index.ts";

const values = fc.float32Array({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6), maxLength: 9 });
const gradients = fc.dictionary(fc.string({ maxLength: 3 }), values, { maxKeys: 4, noNullPrototype: true });
const limits = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

const copy = (arrays: NamedArrays): NamedArrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));

function clip(arrays: NamedArrays, limit: number, sumSquares?: (own: number) => number) {
  const { init, update } = clipByGlobalNorm(limit, sumSquares && { sumSquares });
  const state = init(arrays);
  return { clipped: update(copy(arrays), state, arrays), norm: state.norm };
}

test("(3, 4) has norm 5, and clipped to 2.5 is half of itself", () => {
  const { clipped, norm } = clip({ a: Float32Array.of(3), b: Float32Array.of(4) }, 2.5);
  expect(norm).toBe(5);
  expect(clipped["a"]![0]).toBeCloseTo(1.5, 6);
  expect(clipped["b"]![0]).toBeCloseTo(2, 6);
});

test("the factor is the one of PyTorch: limit / (norm + 1e-6), and 1 at most", () => {
  expect(clip({ a: Float32Array.of(1e-6) }, 1e-6).clipped["a"]![0]).toBeCloseTo(0.5e-6, 12);
  expect(clip({ a: Float32Array.of(0.999998) }, 1).clipped["a"]![0]).toBe(Math.fround(0.999998));
});

test("the norm after clipping is at most the limit", () => {
  fc.assert(
    fc.property(gradients, limits, (arrays, limit) => {
      // Each product is rounded once, by at most 2^-24 of itself (or, below 2^-126, by 2^-150).
      expect(globalNorm(clip(arrays, limit).clipped)).toBeLessThanOrEqual(limit * (1 + 2 ** -24) + 2 ** -140);
    }),
  );
});

test("clipping keeps the direction: every entry is the same share of what it was", () => {
  fc.assert(
    fc.property(gradients, limits, (arrays, limit) => {
      const { clipped, norm } = clip(arrays, limit);
      const share = Math.min(1, limit / (norm + 1e-6));
      for (const [name, array] of Object.entries(arrays)) {
        clipped[name]!.forEach((x, i) => {
          expect(Math.abs(x - share * array[i]!)).toBeLessThanOrEqual(
            2 ** -24 * Math.abs(share * array[i]!) + 2 ** -150,
          );
        });
      }
    }),
  );
});

test("what is within the limit is left bit for bit, zeros and −0 included", () => {
  fc.assert(
    fc.property(gradients, (arrays) => {
      expect(clip(arrays, globalNorm(arrays) + 1).clipped).toEqual(arrays);
      expect(clip(arrays, Infinity).clipped).toEqual(arrays);
    }),
  );
});

test("two cores that add their squares clip as one core that holds everything", () => {
  fc.assert(
    fc.property(values, fc.nat(9), limits, (array, at, limit) => {
      const parts = [array.slice(0, at), array.slice(at)];
      const squares = parts.map((part) => globalNorm({ part }) ** 2);
      const together = parts.map((part) => clip({ part }, limit, () => squares[0]! + squares[1]!));
      const whole = clip({ array }, limit);
      expect(together[0]!.norm).toBe(together[1]!.norm);
      expect(Math.abs(together[0]!.norm - whole.norm)).toBeLessThanOrEqual(1e-14 * whole.norm);
      const joined = together.flatMap(({ clipped }) => [...clipped["part"]!]);
      // The factor may differ in its last bits, hence a product by one float32 rounding.
      joined.forEach((x, i) => {
        expect(Math.abs(x - whole.clipped["array"]![i]!)).toBeLessThanOrEqual(2 ** -23 * Math.abs(x) + 2 ** -149);
      });
    }),
  );
});

test("mutant: cores that clip by their own norm alone do not agree with the whole", () => {
  const own = clip({ part: Float32Array.of(3) }, 1).clipped["part"]![0]!;
  expect(own).not.toBeCloseTo(clip({ whole: Float32Array.of(3, 4) }, 1).clipped["whole"]![0]!, 1);
});

test("a norm that is no number is reported and nothing is clipped", () => {
  for (const bad of [Number.NaN, Infinity]) {
    const { clipped, norm } = clip({ a: Float32Array.of(bad, 7) }, 1);
    expect(norm).toBe(bad);
    expect(clipped["a"]).toEqual(Float32Array.of(bad, 7));
  }
});

test("the largest and smallest float32 neither overflow nor vanish", () => {
  expect(clip({ a: new Float32Array(4).fill(3e38) }, 1).norm).toBeCloseTo(6e38, -32);
  expect(globalNorm({ a: Float32Array.of(2 ** -149) })).toBe(2 ** -149);
  expect(globalNorm({})).toBe(0);
});

test("a limit that is not above 0 is refused", () => {
  for (const limit of [0, -1, Number.NaN]) expect(() => clipByGlobalNorm(limit)).toThrow(ConfigError);
});
