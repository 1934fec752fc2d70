import { ConfigError } from "@kindred/errors";
import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  polynomialSchedule,
  scheduleByName,
  scheduleNames,
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

test("polynomial with power 1 is linear, cosine is half way down at half time", () => {
  const options = { learningRate: 3, warmupSteps: 3, steps: 13 };
  const [polynomial, linear] = [polynomialSchedule({ ...options, power: 1 }), linearSchedule(options)];
  for (let t = 0; t < 20; t++) expect(polynomial(t)).toBe(linear(t));
  expect(cosineSchedule(options)(8)).toBeCloseTo(1.5, 14);
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
    power: fc.double({ min: 1, max: 5, noNaN: true }),
  })
  .map((c) => ({ ...c, warmupSteps: Math.floor(c.share * c.steps) }));

test("a schedule stays between 0 and its learning rate, rises in warm-up, never rises after it, and ends at 0 (or constant)", () => {
  fc.assert(
    fc.property(anySchedule, ({ name, ...options }) => {
      const schedule = scheduleByName(name, options);
      for (let t = 0; t < options.steps + 3; t++) {
        expect(schedule(t)).toBeGreaterThanOrEqual(0);
        expect(schedule(t)).toBeLessThanOrEqual(options.learningRate);
        const change = schedule(t + 1) - schedule(t);
        // Two cosines of neighbouring steps may round to an increase of some 1e-16.
        if (t + 1 < options.warmupSteps) expect(change).toBeGreaterThanOrEqual(0);
        if (t >= options.warmupSteps) expect(change).toBeLessThanOrEqual(1e-15 * options.learningRate);
      }
      expect(schedule(options.steps + 5)).toBe(name === "constant" ? options.learningRate : 0);
      expect(schedule(options.steps)).toBe(name === "constant" ? options.learningRate : 0);
    }),
    { numRuns: 30 },
  );
});

test("a schedule has no jumps: a step changes it by no more than its steepest slope", () => {
  fc.assert(
    fc.property(anySchedule, ({ name, ...options }) => {
      fc.pre(options.warmupSteps < options.steps);
      const schedule = scheduleByName(name, options);
      // Steepest slopes of 1 − p, (1 + cos πp)/2 and (1 − p)^power over p in [0, 1].
      const slope = { constant: 0, linear: 1, cosine: Math.PI / 2, polynomial: options.power }[name];
      const limit = Math.max(1 / Math.max(1, options.warmupSteps), slope / (options.steps - options.warmupSteps));
      for (let t = 0; t < options.steps + 3; t++) {
        expect(Math.abs(schedule(t + 1) - schedule(t))).toBeLessThanOrEqual(
          options.learningRate * limit * (1 + 1e-12) + 1e-300,
        );
      }
    }),
    { numRuns: 30 },
  );
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
  expect(() => constantSchedule({ learningRate: 1, warmupSteps: 0.5 })).toThrow("a fraction of unknown steps");
  expect(() => scheduleByName("cosin" as "cosine", { learningRate: 1, steps: 5 })).toThrow("Did you mean cosine?");
  expect(() => scheduleByName("toString" as "cosine", { learningRate: 1, steps: 5 })).toThrow(ConfigError);
});
