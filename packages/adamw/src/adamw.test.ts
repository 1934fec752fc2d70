import { ConfigError, ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AdamwFlavour, type AdamwOptions, adamw, applyUpdates, type NamedArrays } from "./index.ts";

type Settings = { rate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };

/** One weight through all its gradients, in float64, each flavour written as its own source states it. */
function reference(flavour: AdamwFlavour, start: number, gradients: number[], s: Settings): number {
  let [theta, m, v] = [start, 0, 0];
  gradients.forEach((g, i) => {
    const t = i + 1;
    m = s.beta1 * m + (1 - s.beta1) * g;
    v = s.beta2 * v + (1 - s.beta2) * g ** 2;
    if (flavour === "torch") {
      theta *= 1 - s.rate * s.weightDecay;
      theta -= (s.rate * (m / (1 - s.beta1 ** t))) / (Math.sqrt(v / (1 - s.beta2 ** t)) + s.epsilon);
    } else {
      theta -= ((s.rate * Math.sqrt(1 - s.beta2 ** t)) / (1 - s.beta1 ** t)) * (m / (Math.sqrt(v) + s.epsilon));
      theta -= s.rate * s.weightDecay * theta;
    }
  });
  return theta;
}

/** All weights through all steps; `gradients[t]` holds every weight's gradient of step t. */
function run(start: Float32Array, gradients: readonly Float32Array[], options: AdamwOptions): Float32Array {
  const weights = { w: start.slice() };
  const optimizer = adamw(options);
  const state = optimizer.init(weights);
  for (const w of gradients) applyUpdates(weights, optimizer.update({ w: w.slice() }, state, weights));
  return weights.w;
}

const flavours: AdamwFlavour[] = ["hf", "torch"];

test("worked by hand, torch: 1 shrinks to 0.999, then loses the rate", () => {
  const w = run(Float32Array.of(1), [Float32Array.of(0.5)], { learningRate: () => 0.1, flavour: "torch" });
  expect(w[0]).toBeCloseTo(0.899, 7);
});

test("worked by hand, hf with decay 0.5: 1 loses the rate, then a twentieth of what is left", () => {
  const w = run(Float32Array.of(1), [Float32Array.of(0.5)], {
    learningRate: () => 0.1,
    weightDecay: 0.5,
    epsilon: 1e-12,
  });
  expect(w[0]).toBeCloseTo(0.9 * 0.95, 7);
});

test("worked by hand: ε = √v halves an hf step, whatever the bias corrections say", () => {
  // β2 0.75, g 2: v = 1. β1 0: m = 2. hf: √0.25 · 2 / (1 + 1) = 0.5. torch: v̂ = 4, 2 / (2 + 1) = 0.667.
  const options = { learningRate: () => 1, beta1: 0, beta2: 0.75, epsilon: 1, weightDecay: 0 };
  expect(run(Float32Array.of(0), [Float32Array.of(2)], { ...options, flavour: "hf" })[0]).toBe(-0.5);
  expect(run(Float32Array.of(0), [Float32Array.of(2)], { ...options, flavour: "torch" })[0]).toBeCloseTo(-2 / 3, 7);
});

test("defaults: hf has ε 1e-6 and no decay, torch has ε 1e-8 and decay 0.01", () => {
  const [start, gradients] = [Float32Array.of(2), [Float32Array.of(1e-6)]];
  const common = { rate: 0.1, beta1: 0.9, beta2: 0.999 };
  const hf = reference("hf", 2, [...gradients[0]!], { ...common, epsilon: 1e-6, weightDecay: 0 });
  const torch = reference("torch", 2, [...gradients[0]!], { ...common, epsilon: 1e-8, weightDecay: 0.01 });
  expect(run(start, gradients, { learningRate: () => 0.1 })[0]).toBeCloseTo(hf, 6);
  expect(run(start, gradients, { learningRate: () => 0.1, flavour: "torch" })[0]).toBeCloseTo(torch, 6);
  expect(Math.abs(hf - torch)).toBeGreaterThan(1e-3);
});

const settings = fc.record({
  rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
  beta1: fc.constantFrom(0, 0.5, 0.9),
  beta2: fc.constantFrom(0.9, 0.99, 0.999),
  epsilon: fc.constantFrom(1e-8, 1e-6, 1e-3),
  weightDecay: fc.constantFrom(0, 0.01, 0.5),
});
const float = fc.float({ noNaN: true, min: -4, max: 4 });
const problem = fc.integer({ min: 0, max: 5 }).chain((n) =>
  fc.record({
    start: fc.array(float, { minLength: n, maxLength: n }).map((a) => Float32Array.from(a)),
    gradients: fc.array(
      fc.array(float, { minLength: n, maxLength: n }).map((a) => Float32Array.from(a)),
      { maxLength: 8 },
    ),
  }),
);

/**
 * What float32 storage costs: each step rounds θ (|θ| ≤ 5 here) and u (|u| ≤ 1) by 2^-24 of themselves, together below 6 · 2^-24.
 * m and v were rounded up to ten steps deep, so u strays by some 20 · 2^-24 · rate more, rate ≤ 0.1. 32 · 2^-24 a step covers it.
 */
const tolerance = (steps: number) => 2 ** -24 * 32 * (steps + 1);

type Run = { readonly gradients: readonly Float32Array[]; readonly weights: Float32Array };

function expectReference(flavour: AdamwFlavour, start: Float32Array, { gradients, weights }: Run, s: Settings): void {
  const expected = Array.from(start, (theta, i) =>
    reference(
      flavour,
      theta,
      gradients.map((g) => g[i]!),
      s,
    ),
  );
  expect(weights).toBeCloseToArray(expected, { tolerance: tolerance(gradients.length) });
}

test.each(flavours)("%s: every weight follows the float64 reference", (flavour) => {
  fc.assert(
    fc.property(problem, settings, ({ start, gradients }, s) => {
      const weights = run(start, gradients, { flavour, ...s, learningRate: () => s.rate });
      expectReference(flavour, start, { gradients, weights }, s);
    }),
    { numRuns: 300 },
  );
});

test.each(flavours)("%s mutants: no decay, the other flavour, t off by one, and β2 for β1 are noticed", (flavour) => {
  const s = { rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-3, weightDecay: 0.5 };
  const [start, gradients] = [Float32Array.of(2), [0.5, -0.25, 1e-3, 2].map((g) => Float32Array.of(g))];
  const weights = run(start, gradients, { flavour, ...s, learningRate: () => s.rate });
  const other = flavour === "hf" ? "torch" : "hf";
  expectReference(flavour, start, { gradients, weights }, s);
  expectMutantToFail(() => expectReference(flavour, start, { gradients, weights }, { ...s, weightDecay: 0 }));
  expectMutantToFail(() => expectReference(other, start, { gradients, weights }, s));
  const late = [Float32Array.of(0), ...gradients];
  expectMutantToFail(() => expectReference(flavour, start, { gradients: late, weights }, s));
  expectMutantToFail(() => expectReference(flavour, start, { gradients, weights }, { ...s, beta1: s.beta2 }));
});

test.each(flavours)("%s: the first step is −rate · sign(g), whatever the size of g", (flavour) => {
  const gradient = fc.double({ min: 1e-18, max: 1e18, noNaN: true }).chain((x) => fc.constantFrom(x, -x));
  fc.assert(
    fc.property(gradient, fc.double({ min: 1e-6, max: 1, noNaN: true }), (g, rate) => {
      const options = { flavour, learningRate: () => rate, epsilon: 1e-40, weightDecay: 0 };
      const u = run(Float32Array.of(0), [Float32Array.of(g)], options)[0]!;
      // ε is below 1e-20 of √v; u itself is rounded once to float32.
      expect(Math.abs(u + rate * Math.sign(g))).toBeLessThanOrEqual(2 ** -24 * rate * 1.01);
    }),
  );
});

test.each(flavours)("%s: a zero gradient leaves θ (1 − rate · decay)", (flavour) => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), settings, (theta, s) => {
      const w = run(Float32Array.of(theta), [Float32Array.of(0)], { flavour, ...s, learningRate: () => s.rate })[0]!;
      const expected = theta * (1 - s.rate * s.weightDecay);
      // The update and the sum are rounded once each.
      expect(Math.abs(w - expected)).toBeLessThanOrEqual(2 ** -23 * Math.abs(theta) + 2 ** -149);
    }),
  );
  const mutant = run(Float32Array.of(1), [Float32Array.of(0)], { flavour, learningRate: () => 0.1, weightDecay: 0 })[0];
  expect(mutant).not.toBeCloseTo(1 - 0.1 * 0.5, 2);
});

test.each(flavours)("%s: cutting the arrays into shards changes no bit", (flavour) => {
  fc.assert(
    fc.property(problem, settings, fc.nat(5), ({ start, gradients }, s, at) => {
      const options = { flavour, ...s, learningRate: () => s.rate };
      const part = (from: number, to?: number) =>
        run(
          start.slice(from, to),
          gradients.map((g) => g.slice(from, to)),
          options,
        );
      expect(Float32Array.of(...part(0, at), ...part(at))).toEqual(run(start, gradients, options));
    }),
  );
});

test("stopping, saving the state as JSON and going on is the same as never stopping", () => {
  const gradients = [0.5, -2, 0.25, 1].map((g) => Float32Array.of(g, -g));
  const optimizer = adamw({ learningRate: (step) => 0.1 * (step + 1), flavour: "torch" });
  const through = (weights: NamedArrays, state: ReturnType<typeof optimizer.init>, some: Float32Array[]) => {
    for (const w of some) applyUpdates(weights, optimizer.update({ w: w.slice() }, state, weights));
  };
  const whole = { w: Float32Array.of(1, 2) };
  through(whole, optimizer.init(whole), gradients);
  const halves = { w: Float32Array.of(1, 2) };
  const state = optimizer.init(halves);
  through(halves, state, gradients.slice(0, 2));
  const saved = structuredClone(state);
  expect(saved).toEqual({ adam: { ...state.adam, step: 2 }, decay: { step: 2 } });
  through(halves, saved, gradients.slice(2));
  expect(halves).toEqual(whole);
});

test("a parameter without a gradient neither moves nor decays, and a mask keeps names from decaying", () => {
  const optimizer = adamw({ learningRate: () => 0.5, weightDecay: 0.5, decayMask: (name) => name !== "bias" });
  const weights = { bias: Float32Array.of(4), weight: Float32Array.of(4), pooler: Float32Array.of(4) };
  const zeros = { bias: Float32Array.of(0), weight: Float32Array.of(0) };
  applyUpdates(weights, optimizer.update(zeros, optimizer.init(weights), weights));
  expect(weights).toEqual({ bias: Float32Array.of(4), weight: Float32Array.of(3), pooler: Float32Array.of(4) });
});

test("moments lie where the caller allocates them, shared memory included", () => {
  const weights = { a: new Float32Array(3), "": new Float32Array(0), __proto__x: new Float32Array(1) };
  const state = adamw({ learningRate: () => 1 }).init(weights, {
    allocate: (length) => new Float32Array(new SharedArrayBuffer(4 * length)),
  });
  for (const moments of [state.adam.firstMoment, state.adam.secondMoment]) {
    expect(Object.entries(moments).map(([name, array]) => [name, array.length])).toEqual([
      ["a", 3],
      ["", 0],
      ["__proto__x", 1],
    ]);
    for (const array of Object.values(moments)) expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
  }
});

test("wrong settings and arrays are refused, and a refused update moves nothing on", () => {
  const learningRate = () => 1;
  for (const wrong of [{ beta1: 1 }, { beta2: -0.1 }, { beta2: Number.NaN }, { epsilon: 0 }, { weightDecay: -1 }]) {
    expect(() => adamw({ learningRate, ...wrong })).toThrow(ConfigError);
  }
  expect(() => adamw({ learningRate, flavour: "toString" as "hf" })).toThrow("adamw: unknown flavour. Got toString");
  const optimizer = adamw({ learningRate });
  const weights = { weight: new Float32Array(2) };
  const state = optimizer.init(weights);
  expect(() => optimizer.update({ weight: new Float32Array(3) }, state, weights)).toThrow(ShapeError);
  expect(() => optimizer.update({ wieght: new Float32Array(2) }, state, weights)).toThrow("nearest: weight");
  expect(() => applyUpdates(weights, { toString: new Float32Array(2) })).toThrow(ShapeError);
  expect(state.adam.step).toBe(0);
});
