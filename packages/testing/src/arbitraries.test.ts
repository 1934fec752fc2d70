import fc from "fast-check";
import { expect, test } from "vitest";
import {
  arbitraryFloat32Array,
  arbitraryKey,
  arbitraryLengths,
  arbitraryShape,
  arbitrarySize,
  opCases,
} from "./index.ts";

/** A thousand draws, always the same ones. */
const draws = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.sample(arbitrary, { seed: 1, numRuns: 1000 });

test("float arrays hold −0, denormals and the largest numbers, and NaN payloads only when asked for", () => {
  const plain = draws(arbitraryFloat32Array()).flatMap((x) => [...x]);
  expect(plain.every(Number.isFinite)).toBe(true);
  expect(plain.some((x) => Object.is(x, -0))).toBe(true);
  expect(plain.some((x) => x !== 0 && Math.abs(x) < 2 ** -126)).toBe(true);
  expect(plain.some((x) => Math.abs(x) > 3e38)).toBe(true);
  const special = draws(arbitraryFloat32Array({ special: true }));
  const nanBits = special.flatMap((x) => [...new Uint32Array(x.buffer)].filter((_, i) => Number.isNaN(x[i]!)));
  expect(new Set(nanBits).size).toBeGreaterThan(10);
});

test("sizes and shapes hold 1, odd and larger numbers, and no empty axis", () => {
  const sizes = new Set(draws(arbitrarySize()));
  for (const size of [1, 3, 16, 17, 64, 67]) expect(sizes).toContain(size);
  expect(Math.max(...draws(arbitrarySize(5)))).toBe(5);
  for (const shape of draws(arbitraryShape({ maxElements: 100 }))) {
    expect(shape.reduce((product, size) => product * size, 1)).toBeLessThanOrEqual(100);
    expect(shape.every((size) => size >= 1)).toBe(true);
  }
  expect(draws(arbitraryShape({ rank: 3 })).every(({ length }) => length === 3)).toBe(true);
});

test("layouts hold empty sentences, sentences of one row, and at least one row", () => {
  expect(draws(arbitraryLengths()).some((lengths) => lengths.includes(0))).toBe(true);
  expect(draws(arbitraryLengths({ empty: false })).some((lengths) => lengths.includes(0))).toBe(false);
  expect(draws(arbitraryLengths()).every((lengths) => lengths.some((length) => length > 0))).toBe(true);
});

test("keys are pairs of unsigned 32-bit numbers", () => {
  for (const key of draws(arbitraryKey())) expect([...Uint32Array.from(key)]).toEqual([...key]);
});

test("op cases give one size to an axis name, keep fixed ones, and sometimes leave an optional input out", () => {
  const cases = draws(opCases({ x: "tokens heads 4", "bias?": "tokens" }, { sizes: { heads: { is: 3 } } }));
  for (const { inputs } of cases) {
    const [tokens, ...rest] = inputs["x"]!.shape;
    expect(rest).toEqual([3, 4]);
    expect(inputs["bias"]?.shape ?? [tokens]).toEqual([tokens]);
    expect(inputs["x"]!.values.length).toBe(tokens! * 12);
  }
  const without = cases.filter(({ inputs }) => inputs["bias"] === undefined).length;
  expect(without).toBeGreaterThan(100);
  expect(without).toBeLessThan(900);
});
