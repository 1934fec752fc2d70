import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import { expect, test } from "vitest";
import { correlationInterval, type Interval, meanInterval, pearson, precisionInterval } from "./index.ts";

test("by hand: three of four right", () => {
  // n + z² = 7.8415, (3 + 1.9207) / 7.8415 = 0.62752; ± 1.95996 · √(0.62752 · 0.37248 / 7.8415) = 0.33839
  const [low, high] = meanInterval([1, 0, 1, 1]);
  expect([low, high].map((value) => Number(value.toFixed(3)))).toEqual([0.289, 0.966]);
});

const drawn = floatsFromSeed(7, 400_000).filter((value) => value !== 0); // from −2 to 2, and some zeros
const uniformAt = (place: number) => ((drawn[place] ?? 0) + 2) / 4;

/** How many of 2,000 samples' intervals hold what the samples were drawn from. */
function coverage(truth: number, interval: (sample: number) => Interval): number {
  const held = Array.from({ length: 2000 }, (_, sample) => interval(sample)).filter(
    ([low, high]) => low <= truth && truth <= high,
  );
  return held.length / 2000;
}

test.each([
  [0.5, 20],
  [0.02, 20],
  [0.13, 100],
  [0.99, 100],
])("of an accuracy of %s over %s queries it holds the truth in at least 93 of 100 samples", (truth, count) => {
  const sampleOf = (sample: number) =>
    Array.from({ length: count }, (_, i) => Number(uniformAt(sample * count + i) < truth));
  // Of 2,000 samples the share has a standard deviation of 0.5 %: four of them below 95 %.
  const expectHolds = (of: (values: readonly number[]) => Interval) =>
    expect(coverage(truth, (sample) => of(sampleOf(sample)))).toBeGreaterThan(0.93);
  expectHolds(meanInterval);
  if (truth > 0.02) expectMutantToFail(() => expectHolds((values) => meanInterval([...values, ...values, ...values])));
});

test("of reciprocal ranks it holds their mean, and is narrower than that of an accuracy", () => {
  // Ranks 1 to 10, equally likely: the mean of 1/rank is 0.29290.
  const sampleOf = (sample: number) =>
    Array.from({ length: 60 }, (_, i) => 1 / (1 + Math.floor(10 * uniformAt(sample * 60 + i))));
  expect(coverage(0.2928968, (sample) => meanInterval(sampleOf(sample)))).toBeGreaterThan(0.93);
});

test("of a correlation it holds the truth", () => {
  const [rho, count] = [0.6, 40];
  const normal = (at: number) =>
    Math.sqrt(-2 * Math.log(1 - uniformAt(2 * at))) * Math.cos(2 * Math.PI * uniformAt(2 * at + 1));
  const of = (sample: number) => {
    const x = Array.from({ length: count }, (_, i) => normal(2 * (sample * count + i)));
    const y = x.map((value, i) => rho * value + Math.sqrt(1 - rho ** 2) * normal(2 * (sample * count + i) + 1));
    return correlationInterval(pearson(x, y), count);
  };
  expect(coverage(rho, of)).toBeGreaterThan(0.93);
  expect(correlationInterval(0.5, 3)).toEqual([-1, 1]);
});

test("of an average precision it lies around it, and narrows as matches grow", () => {
  for (const value of [0, 0.3, 0.9, 1]) {
    const [few, many] = [precisionInterval(value, 10), precisionInterval(value, 1000)];
    expect(few[1] - few[0]).toBeGreaterThan(many[1] - many[0]);
    // At 0 and 1 the middle stands half a match away.
    expect(many[0] - 0.5 / 1001).toBeLessThanOrEqual(value);
    expect(many[1] + 0.5 / 1001).toBeGreaterThanOrEqual(value);
  }
  expect(precisionInterval(0.5, 0)).toEqual([0, 1]);
});
