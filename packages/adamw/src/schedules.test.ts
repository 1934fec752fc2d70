import { ConfigError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  constantSchedule,
  cosineSchedule,
  cosineWithRestartsSchedule,
  inverseSqrtSchedule,
  linearSchedule,
  polynomialSchedule,
  type ScheduleName,
  type ScheduleShape,
  scheduleByName,
  scheduleNames,
  warmupStableDecaySchedule,
} from "./schedules.ts";

test("the original's schedule: rate 0 first, the peak at 500, 0 at the horizon", () => {
  const schedule = linearSchedule({ learningRate: 2e-5, warmupSteps: 500, steps: 2000 });
  expect([0, 125, 500, 1250, 2000].map(schedule)).toEqual([0, 5e-6, 2e-5, 1e-5, 0]);
});

const golden = ["golden", "training-tiny", "expected.json"];

test.skipIf(!sharedExists(...golden))("the golden run's rates, step by step", () => {
  const run = readJson<GoldenRun>(sharedPath(...golden));
  const { peakLearningRate: learningRate, warmupSteps, totalSteps: steps } = run;
  const schedule = linearSchedule({ learningRate, warmupSteps, steps });
  // Both round the same quotient a few times.
  for (const { step, lr } of run.float64.hf)
    expect(Math.abs(schedule(step) - lr)).toBeLessThanOrEqual(4 * 2 ** -53 * lr);
  expect(run.float64.hf).toHaveLength(steps);
});

type GoldenRun = {
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly float64: { readonly hf: readonly { readonly step: number; readonly lr: number }[] };
};

test.each<[name: ScheduleName, shape: ScheduleShape, rates: readonly number[]]>([
  ["linear", {}, [0.428571428571, 0.357142857143, 0.285714285714, 0.214285714286, 0.142857142857, 0.071428571429, 0]],
  ["constant_with_warmup", {}, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]],
  ["cosine", {}, [0.475242216976, 0.405872450465, 0.305630233489, 0.194369766511, 0.094127549535, 0.024757783024, 0]],
  [
    "cosine",
    { cycles: 1.5 },
    [0.305630233489, 0.024757783024, 0.094127549535, 0.405872450465, 0.475242216976, 0.194369766511, 0],
  ],
  [
    "cosine_with_restarts",
    { cycles: 2 },
    [0.405872450465, 0.194369766511, 0.024757783024, 0.475242216976, 0.305630233489, 0.094127549535, 0],
  ],
  [
    "cosine_with_min_lr",
    { end: 0.1 },
    [0.48019377358, 0.424697960372, 0.344504186791, 0.255495813209, 0.175302039628, 0.11980622642, 0.1],
  ],
  [
    "polynomial",
    {},
    [0.428571442857, 0.357142885714, 0.285714328571, 0.214285771429, 0.142857214286, 0.071428657143, 1e-7],
  ],
  [
    "polynomial",
    { power: 2, end: 0.1 },
    [0.39387755102, 0.304081632653, 0.230612244898, 0.173469387755, 0.132653061224, 0.108163265306, 0.1],
  ],
  [
    "inverse_sqrt",
    {},
    [0.433012701892, 0.387298334621, 0.353553390593, 0.327326835354, 0.306186217848, 0.288675134595, 0.273861278753],
  ],
  [
    "inverse_sqrt",
    { timescale: 7 },
    [0.467707173347, 0.440958551844, 0.418330013267, 0.398862017609, 0.381881307913, 0.366899692853, 0.353553390593],
  ],
  ["warmup_stable_decay", { decaySteps: 4 }, [0.5, 0.5, 0.5, 0.426776695297, 0.25, 0.073223304703, 0]],
])("%s %j gives the rates of transformers 5.24, warm-up 3, 10 steps, peak 0.5", (name, shape, rates) => {
  const schedule = scheduleByName(name, { learningRate: 0.5, warmupSteps: 3, steps: 10 }, shape);
  const expected = [0, 0.166666666667, 0.333333333333, 0.5, ...rates]; // 12 digits
  for (const [step, rate] of expected.entries()) expect(Math.abs(schedule(step) - rate)).toBeLessThan(1e-12);
});

test("constant has no warm-up, as in transformers, and polynomial with power 1 and end 0 is linear", () => {
  const options = { learningRate: 3, warmupSteps: 3, steps: 13 };
  expect([0, 1, 99].map(scheduleByName("constant", options))).toEqual([3, 3, 3]);
  const [polynomial, linear] = [polynomialSchedule({ ...options, end: 0 }), linearSchedule(options)];
  for (let t = 0; t < 20; t++) expect(polynomial(t)).toBe(linear(t));
});

test("a warm-up below 1 is a fraction of the steps, rounded up", () => {
  for (const name of scheduleNames) {
    const [fraction, whole] = [0.25, 3].map((warmupSteps) =>
      scheduleByName(name, { learningRate: 1, warmupSteps, steps: 10 }),
    );
    for (let t = 0; t < 12; t++) expect(fraction!(t)).toBe(whole!(t));
  }
});

const anySchedule = fc
  .record({
    name: fc.constantFrom(...scheduleNames),
    learningRate: fc.double({ min: 0, max: 1e3, noNaN: true }),
    steps: fc.integer({ min: 1, max: 2000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((c) => ({ ...c, warmupSteps: Math.floor(c.share * c.steps) }));

/** Where each ends that falls all the way, at a peak of 1 or more. */
const ends: { readonly [name in ScheduleName]?: number } = {
  linear: 0,
  cosine: 0,
  cosine_with_restarts: 0,
  polynomial: 1e-7,
  warmup_stable_decay: 0,
};

test("a schedule stays between 0 and its learning rate, rises in warm-up, never rises after it, and ends where it says", () => {
  fc.assert(
    fc.property(anySchedule, ({ name, ...options }) => {
      fc.pre(options.warmupSteps < options.steps);
      const schedule = scheduleByName(name, options);
      for (let t = 0; t < options.steps + 3; t++) {
        expect(schedule(t)).toBeGreaterThanOrEqual(0);
        expect(schedule(t)).toBeLessThanOrEqual(options.learningRate * (1 + 1e-15)); // a share and its complement may add up to a bit more than 1
        const change = schedule(t + 1) - schedule(t);
        // Two cosines of neighbouring steps may round to an increase of some 1e-16.
        if (t + 1 < options.warmupSteps) expect(change).toBeGreaterThanOrEqual(0);
        if (t >= options.warmupSteps) expect(change).toBeLessThanOrEqual(1e-15 * options.learningRate);
      }
      const end = ends[name];
      if (end === undefined) return;
      for (const after of [0, 5])
        expect(schedule(options.steps + after)).toBeCloseTo(Math.min(end, options.learningRate), 12);
    }),
    { numRuns: 60 },
  );
});

test("a schedule has no jumps: a step changes it by no more than its steepest slope", () => {
  fc.assert(
    fc.property(anySchedule, ({ name, ...options }) => {
      fc.pre(options.warmupSteps < options.steps && name !== "constant");
      const schedule = scheduleByName(name, options);
      const [warmup, left] = [Math.max(1, options.warmupSteps), options.steps - options.warmupSteps];
      // Steepest slopes of 1 − p and (1 + cos πp)/2 over the steps that are left, of a cosine over the last tenth, of √ at the end of warm-up.
      const decay = Math.min(left, Math.max(1, Math.ceil(options.steps / 10)));
      const slope = Math.max(Math.PI / 2 / left, Math.PI / 2 / decay, 1 / warmup);
      for (let t = 0; t < options.steps + 3; t++) {
        expect(Math.abs(schedule(t + 1) - schedule(t))).toBeLessThanOrEqual(
          options.learningRate * slope * (1 + 1e-12) + 1e-300,
        );
      }
    }),
    { numRuns: 60 },
  );
});

test("a warm-up of all steps is a straight line up, whatever follows it", () => {
  for (const name of scheduleNames.filter((each) => each !== "constant")) {
    const rates = [0, 1, 2, 3].map(scheduleByName(name, { learningRate: 1, warmupSteps: 4, steps: 4 }));
    expect(rates, name).toEqual([0, 0.25, 0.5, 0.75]);
  }
});

test("settings that make no sense are refused", () => {
  expect(() => linearSchedule({ learningRate: -1, steps: 1 })).toThrow("expected learningRate finite");
  expect(() => linearSchedule({ learningRate: Number.NaN, steps: 1 })).toThrow(ConfigError);
  expect(() => linearSchedule({ learningRate: 1, steps: 0 })).toThrow("expected steps above 0");
  expect(() => cosineSchedule({ learningRate: 1, warmupSteps: -1, steps: 5 })).toThrow("warmupSteps not below 0");
  expect(() => cosineSchedule({ learningRate: 1, warmupSteps: 500, steps: 100 })).toThrow(
    "Got learningRate 1, warmupSteps 500",
  );
  expect(() => polynomialSchedule({ learningRate: 1, steps: 5, power: 0 })).toThrow("power is out of range");
  expect(() => polynomialSchedule({ learningRate: 1, steps: 5, end: 2 })).toThrow("end is out of range. Got 2");
  expect(() => cosineSchedule({ learningRate: 1, steps: 5, cycles: 0 })).toThrow("cycles is out of range");
  expect(() => cosineWithRestartsSchedule({ learningRate: 1, steps: 5, cycles: 1.5 })).toThrow("a whole number");
  expect(() => inverseSqrtSchedule({ learningRate: 1, steps: 5, timescale: 0 })).toThrow("timescale is out of range");
  expect(() => warmupStableDecaySchedule({ learningRate: 1, warmupSteps: 4, steps: 5, decaySteps: 2 })).toThrow(
    "at most the 1 steps after the warm-up",
  );
  expect(() => scheduleByName("linear", { learningRate: 1, steps: 5 }, { power: 2 })).toThrow(
    "linear has no power. Got one, expected nothing beside",
  );
  expect(() => constantSchedule({ learningRate: 1, warmupSteps: 0.5 })).toThrow("a fraction of unknown steps");
  expect(() => scheduleByName("cosin" as "cosine", { learningRate: 1, steps: 5 })).toThrow("Did you mean cosine?");
  expect(() => scheduleByName("toString" as "cosine", { learningRate: 1, steps: 5 })).toThrow(ConfigError);
});
