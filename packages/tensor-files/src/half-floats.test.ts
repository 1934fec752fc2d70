import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half-floats.ts";

test.each([
  [0x3c00, 1],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x0400, 2 ** -14],
  [0x0001, 2 ** -24],
  [0x3555, 0.333251953125],
])("float16 %s is %s", (half, value) => {
  expect(float16ToFloat32(Uint16Array.of(half))[0]).toBe(value);
  expect(float32ToFloat16(Float32Array.of(value))[0]).toBe(half);
});

describe.each([
  { format: "float16", widen: float16ToFloat32, narrow: float32ToFloat16, infinity: 0x7c00, infinityBegins: 65520 },
  {
    format: "bfloat16",
    widen: bfloat16ToFloat32,
    narrow: float32ToBfloat16,
    infinity: 0x7f80,
    infinityBegins: 2 ** 128 - 2 ** 119,
  },
])("$format", ({ widen, narrow, infinity, infinityBegins }) => {
  const all = Uint16Array.from({ length: 65536 }, (_, half) => half);

  test("every value comes back with the same bits; NaN comes back quiet, with its payload", () => {
    const quietBit = (0x7fff - infinity + 1) / 2;
    const expected = all.map((half) => ((half & 0x7fff) > infinity ? half | quietBit : half));
    expect(narrow(widen(all))).toEqual(expected);
  });

  const roundsToNearestEven = (round: (values: Float32Array) => Uint16Array) => {
    // All neighbours h and h + 1 from 0 to the largest: half way between them (exact in float32), a hair below and a
    // hair above.
    const lower = all.subarray(0, infinity - 1);
    const halfway = Float32Array.from(widen(lower), (value, h) => (value + widen(Uint16Array.of(h + 1))[0]!) / 2);
    const beside = (step: number) =>
      new Float32Array(new Uint32Array(halfway.buffer).map((word) => word + step).buffer);
    expect(round(halfway)).toEqual(lower.map((h) => h + (h & 1)));
    expect(round(beside(-1))).toEqual(lower);
    expect(round(beside(1))).toEqual(lower.map((h) => h + 1));
    expect(round(halfway.map((value) => -value))).toEqual(lower.map((h) => 0x8000 | (h + (h & 1))));
  };

  test("rounds to nearest, halves to even, between any two neighbours", () => roundsToNearestEven(narrow));

  test("cutting off, or rounding halves up, would be noticed", () => {
    expectMutantToFail(() => roundsToNearestEven((values) => narrow(values).map((half) => half & ~1)));
    const up = (values: Float32Array) =>
      narrow(new Float32Array(new Uint32Array(values.buffer).map((word) => word + 1).buffer));
    expectMutantToFail(() => roundsToNearestEven(up));
  });

  test("becomes infinity half way from the largest value to the next power of two, and not before", () => {
    const first = Float32Array.of(infinityBegins);
    const before = new Float32Array(new Uint32Array(first.buffer).map((word) => word - 1).buffer);
    expect([...narrow(first), ...narrow(before)]).toEqual([infinity, infinity - 1]);
    expect(narrow(Float32Array.of(-Infinity))[0]).toBe(0x8000 | infinity);
  });

  test("no NaN becomes a number or infinity, whatever its bits", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x7f800001, max: 0x7fffffff }), (word) => {
        const [half] = narrow(new Float32Array(Uint32Array.of(word).buffer));
        expect(half! & 0x7fff).toBeGreaterThan(infinity);
      }),
    );
  });
});
