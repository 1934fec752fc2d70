import { arbitraryFloat32Array, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sumArrays } from "./mesh-core.ts";

const anySources = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(40))
  .chain(([count, length]) =>
    fc.array(arbitraryFloat32Array({ minLength: length, maxLength: length }), { minLength: count, maxLength: count }),
  );

/** The definition, element by element in float64. */
function naiveSum(sources: readonly Float32Array[]): Float32Array {
  return sources[0]!.map((_, i) =>
    Math.fround(sources.slice(1).reduce((sum, source) => sum + source[i]!, sources[0]![i]!)),
  );
}

test("is the float64 sum in the order of the sources, rounded once", () => {
  fc.assert(
    fc.property(anySources, (sources) => {
      const out = new Float32Array(sources[0]!.length);
      sumArrays(out, sources);
      expect(out).toEqual(naiveSum(sources));
    }),
  );
});

test("rounding after each addition would be noticed", () => {
  // 2²⁴ + 1 is not a float32: rounded each time the ones are lost, in float64 they are not.
  const sources = [Float32Array.of(2 ** 24), Float32Array.of(1), Float32Array.of(1)];
  const out = new Float32Array(1);
  sumArrays(out, sources);
  expect(out[0]).toBe(2 ** 24 + 2);
  const roundedEachTime = Math.fround(Math.fround(2 ** 24 + 1) + 1);
  expectMutantToFail(() => expect(roundedEachTime).toBe(2 ** 24 + 2));
});

test("may write over one of its sources", () => {
  fc.assert(
    fc.property(anySources, fc.nat(5), (sources, which) => {
      const expected = naiveSum(sources);
      const out = sources[which % sources.length]!;
      sumArrays(out, sources);
      expect(out).toEqual(expected);
    }),
  );
});
