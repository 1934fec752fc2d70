import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childKey, integerAt, type Key, keyFromSeed, normal, permutation, uniform, uniformAt } from "./index.ts";

// Every way of drawing, brought to numbers that ought to be uniform in [0, 1). The laws below hold for each.
const draws: Record<string, (key: Key, count: number) => number[]> = {
  uniform: (key, count) => [...uniform(key, count)],
  uniformAt: (key, count) => Array.from({ length: count }, (_, i) => uniformAt(key, i)),
  integerAt: (key, count) => Array.from({ length: count }, (_, i) => integerAt(key, i, 1000) / 1000),
  normal: (key, count) =>
    [...normal(key, count, { mean: 3, standardDeviation: 2 })].map((x) => normalBelow((x - 3) / 2)),
  permutation: (key, count) =>
    Array.from({ length: count / 64 }, (_, i) => permutation(childKey(key, i), 1000)[i % 1000]! / 1000),
};
const mutants: Record<string, (key: Key, count: number) => number[]> = {
  "squared once in 8": (key, count) => draws["uniform"]!(key, count).map((u, i) => (i % 8 === 0 ? u * u : u)),
  "7 bits of 8": (key, count) => draws["uniform"]!(key, count).map((u) => Math.floor(u * 128) / 128),
  "a spread of 2.1 for 2": (key, count) =>
    [...normal(key, count, { standardDeviation: 2.1 })].map((x) => normalBelow(x / 2)),
  "the integers' modulo of 10 bits": (key, count) =>
    draws["uniform"]!(key, count).map((u) => (Math.floor(u * 1024) % 1000) / 1000),
};

const COUNT = 2 ** 16;
const BINS = 250;
// Pearson's X² has mean BINS − 1 and standard deviation √(2(BINS − 1)) = 22.3. Keys are fixed, so 6 deviations decide
// once and for all.
const LIMIT = BINS - 1 + 6 * Math.sqrt(2 * (BINS - 1));

describe.each(Object.entries(draws))("%s", (_, draw) => {
  test("fills its bins evenly", () => {
    for (const seed of [0, 1, "a"]) expect(chiSquare(draw(keyFromSeed(seed), COUNT))).toBeLessThan(LIMIT);
  });

  test("has the mean and variance of a uniform number", () => {
    const values = draw(keyFromSeed("moments"), COUNT);
    const mean = values.reduce((sum, u) => sum + u, 0) / values.length;
    const variance = values.reduce((sum, u) => sum + (u - mean) ** 2, 0) / values.length;
    // Var(u) = 1/12 and Var((u − ½)²) = 1/180; thousandths are up to 1/2000 off.
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(6 * Math.sqrt(1 / 12 / values.length) + 1 / 2000);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(6 * Math.sqrt(1 / 180 / values.length) + 1e-6);
  });

  test("neighbours, and equal places of sibling keys, are not correlated", () => {
    const key = keyFromSeed("siblings");
    const [a, b] = [draw(childKey(key, 0), COUNT), draw(childKey(key, 1), COUNT)];
    const limit = 6 / Math.sqrt(a.length - 1);
    expect(Math.abs(correlation(a.slice(1), a.slice(0, -1)))).toBeLessThan(limit);
    expect(Math.abs(correlation(a, b))).toBeLessThan(limit);
  });

  test("the same key gives the same draw, whatever was drawn between", () => {
    const first = draw(keyFromSeed(5), 640);
    draw(keyFromSeed(6), 64);
    expect(draw(keyFromSeed(5), 640)).toEqual(first);
    expect(draw(keyFromSeed(6), 640)).not.toEqual(first);
  });
});

test.each(Object.entries(mutants))("the bins notice a mutant: %s", (_, draw) => {
  expect(chiSquare(draw(keyFromSeed(0), COUNT))).toBeGreaterThan(LIMIT);
});

test("the correlation notices a mutant: every second number repeated", () => {
  const values = draws["uniform"]!(keyFromSeed(0), COUNT).map((_, i, all) => all[i - (i % 2)]!);
  expect(correlation(values.slice(1), values.slice(0, -1))).toBeGreaterThan(60 / Math.sqrt(COUNT));
});

test("a longer array begins with the shorter one, so that element i depends on i only", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 300 }), fc.nat({ max: 300 }), (seed, a, b) => {
      const key = keyFromSeed(seed);
      for (const array of [uniform, normal]) expect(array(key, a + b).slice(0, a)).toEqual(array(key, a));
    }),
  );
});

function chiSquare(values: number[]): number {
  const counts = new Float64Array(BINS);
  for (const u of values) counts[Math.floor(u * BINS)]! += 1;
  const expected = values.length / BINS;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function correlation(a: number[], b: number[]): number {
  const mean = (x: number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: number[], mx: number, y: number[], my: number) =>
    x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0);
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

/** Φ(x), by its Taylor series around 0 (all terms positive after the factor e^(−x²/2), so nothing cancels). */
function normalBelow(x: number): number {
  let term = Math.abs(x);
  let sum = term;
  for (let k = 3; term > sum * 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return Math.min(0.5 + (Math.sign(x) * sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI), 1 - 2 ** -53);
}
