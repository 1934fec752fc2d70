import type { ParameterKind, ParameterSpec } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import { cpu, tfjs } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type AdamwFlavour, type AdamwOptions, adamw, scriptKernels } from "./index.ts";

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

const specOf = (kind: ParameterKind): ParameterSpec => ({ name: "w", shape: [1], kind });

/** All weights through all steps, on arrays or by ops; `gradients[t]` holds every weight's gradient of step t. */
type Run = (
  start: Float32Array,
  gradients: readonly Float32Array[],
  options: AdamwOptions,
  spec?: ParameterSpec,
) => Float32Array;

const runArrays: Run = (start, gradients, options, spec = specOf("matrix")) => {
  const optimizer = adamw(options);
  const parameter = start.slice();
  const slots = optimizer.slots.map(() => new Float32Array(start.length));
  for (const [step, gradient] of gradients.entries()) {
    const numbers = optimizer.numbers(step);
    optimizer.updateArrays?.({ parameter, gradient, slots }, { numbers, clip: 1 }, { spec, kernels: scriptKernels });
  }
  return parameter;
};

const runOps: Run = (start, gradients, options, spec = specOf("matrix")) => {
  const optimizer = adamw(options);
  const moved = tf.tidy(() => {
    let state: readonly tf.Tensor[] = [start, ...optimizer.slots.map(() => new Float32Array(start.length))].map((x) =>
      tf.tensor1d(x),
    );
    for (const [step, values] of gradients.entries()) {
      const [parameter = tf.tensor1d([]), ...slots] = state;
      const own = { parameter, gradient: tf.tensor1d(values), slots };
      state = optimizer.update(
        own,
        { numbers: tf.tensor1d(optimizer.numbers(step)), clip: tf.scalar(1) },
        spec,
      ) as tf.Tensor[];
    }
    return state[0]?.dataSync();
  });
  return Float32Array.from(moved ?? []);
};

const flavours: AdamwFlavour[] = ["hf", "torch"];

const settings = fc.record({
  rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
  beta1: fc.constantFrom(0, 0.5, 0.9),
  beta2: fc.constantFrom(0.9, 0.99, 0.999),
  epsilon: fc.constantFrom(1e-8, 1e-6, 1e-3),
  weightDecay: fc.constantFrom(0, 0.01, 0.5),
});
const float = fc.float({ noNaN: true, min: -4, max: 4 });
const problem = fc.integer({ min: 1, max: 5 }).chain((n) =>
  fc.record({
    start: fc.array(float, { minLength: n, maxLength: n }).map((a) => Float32Array.from(a)),
    gradients: fc.array(
      fc.array(float, { minLength: n, maxLength: n }).map((a) => Float32Array.from(a)),
      { maxLength: 8 },
    ),
  }),
);

type Outcome = { readonly gradients: readonly Float32Array[]; readonly weights: Float32Array };

function expectReference(
  flavour: AdamwFlavour,
  start: Float32Array,
  { gradients, weights }: Outcome,
  s: Settings,
): void {
  const expected = Array.from(start, (theta, i) =>
    reference(
      flavour,
      theta,
      gradients.map((g) => g[i] ?? Number.NaN),
      s,
    ),
  );
  expect(weights).toBeCloseToArray(expected, { tolerance: tolerance(gradients.length) });
}

/**
 * What float32 storage costs: each step rounds θ (|θ| ≤ 5 here), its kept share and u (|u| ≤ 1) by 2^-24 of themselves, together below
 * 11 · 2^-24. m and v were rounded up to ten steps deep, so u strays by some 20 · 2^-24 · rate more, rate ≤ 0.1; where arithmetic is
 * float32 too, by as much again. 40 · 2^-24 a step covers it.
 */
const tolerance = (steps: number) => 2 ** -24 * 40 * (steps + 1);

describe.each([
  ["on arrays", runArrays],
  ["by ops on cpu", runOps],
  ["by ops on wasm", runOps],
] as const)("%s", (where, run) => {
  beforeAll(() => (where.endsWith("wasm") ? tfjs() : cpu()).start());
  const first = (...of: Parameters<Run>) => run(...of)[0] ?? Number.NaN;

  test("worked by hand, torch: 1 shrinks to 0.999, then loses the rate", () => {
    const w = first(Float32Array.of(1), [Float32Array.of(0.5)], { learningRate: () => 0.1, flavour: "torch" });
    expect(w).toBeCloseTo(0.899, 6);
  });

  test("worked by hand, hf with decay 0.5: 1 loses the rate, then a twentieth of what is left", () => {
    const options = { learningRate: () => 0.1, weightDecay: 0.5, epsilon: 1e-12 };
    expect(first(Float32Array.of(1), [Float32Array.of(0.5)], options)).toBeCloseTo(0.9 * 0.95, 6);
  });

  test("worked by hand: ε = √v halves an hf step, whatever the bias corrections say", () => {
    // β2 0.75, g 2: v = 1. β1 0: m = 2. hf: √0.25 · 2 / (1 + 1) = 0.5. torch: v̂ = 4, 2 / (2 + 1) = 0.667.
    const options = { learningRate: () => 1, beta1: 0, beta2: 0.75, epsilon: 1, weightDecay: 0 };
    const gradients = [Float32Array.of(2)];
    expect(first(Float32Array.of(0), gradients, { ...options, flavour: "hf" })).toBe(-0.5);
    expect(first(Float32Array.of(0), gradients, { ...options, flavour: "torch" })).toBeCloseTo(-2 / 3, 6);
  });

  test("defaults: hf has ε 1e-6 and no decay, torch has ε 1e-8 and decay 0.01", () => {
    const [start, gradients] = [Float32Array.of(2), [Float32Array.of(1e-6)]];
    const common = { rate: 0.1, beta1: 0.9, beta2: 0.999 };
    const hf = reference("hf", 2, [1e-6], { ...common, epsilon: 1e-6, weightDecay: 0 });
    const torch = reference("torch", 2, [1e-6], { ...common, epsilon: 1e-8, weightDecay: 0.01 });
    expect(first(start, gradients, { learningRate: () => 0.1 })).toBeCloseTo(hf, 5);
    expect(first(start, gradients, { learningRate: () => 0.1, flavour: "torch" })).toBeCloseTo(torch, 5);
    expect(Math.abs(hf - torch)).toBeGreaterThan(1e-3);
  });

  test.each(flavours)("%s: every weight follows the float64 reference", (flavour) => {
    fc.assert(
      fc.property(problem, settings, ({ start, gradients }, s) => {
        const weights = run(start, gradients, { flavour, ...s, learningRate: () => s.rate });
        expectReference(flavour, start, { gradients, weights }, s);
      }),
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
    const gradient = fc.double({ min: 1e-15, max: 1e15, noNaN: true }).chain((x) => fc.constantFrom(x, -x));
    fc.assert(
      fc.property(gradient, fc.double({ min: 1e-6, max: 1, noNaN: true }), (g, rate) => {
        const options = { flavour, learningRate: () => rate, epsilon: 1e-30, weightDecay: 0 };
        const u = first(Float32Array.of(0), [Float32Array.of(g)], options);
        // ε is below 1e-11 of √v; in float32 the factor, both moments, the root and the quotient are rounded.
        expect(Math.abs(u + rate * Math.sign(g))).toBeLessThanOrEqual(6 * 2 ** -24 * rate);
      }),
    );
  });

  test.each(flavours)("%s: a zero gradient leaves θ (1 − rate · decay)", (flavour) => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }), settings, (theta, s) => {
        const w = first(Float32Array.of(theta), [Float32Array.of(0)], { flavour, ...s, learningRate: () => s.rate });
        const expected = theta * (1 - s.rate * s.weightDecay);
        // The share that is kept and the product are rounded once each.
        expect(Math.abs(w - expected)).toBeLessThanOrEqual(2 ** -22 * Math.abs(theta) + 2 ** -149);
      }),
    );
  });

  test.each(flavours)("%s: cutting the arrays into shards changes no bit", (flavour) => {
    fc.assert(
      fc.property(problem, settings, fc.nat(5), ({ start, gradients }, s, at) => {
        const options = { flavour, ...s, learningRate: () => s.rate };
        const cut = Math.min(Math.max(at, 1), start.length - 1);
        if (cut < 1) return;
        const part = (from: number, to?: number) =>
          run(
            start.slice(from, to),
            gradients.map((g) => g.slice(from, to)),
            options,
          );
        expect(Float32Array.of(...part(0, cut), ...part(cut))).toEqual(run(start, gradients, options));
      }),
    );
  });

  test("biases and layer norms do not decay unless all do; tables and matrices always", () => {
    const decayed = (kind: ParameterKind, decay: "weights" | "all") =>
      first(
        Float32Array.of(4),
        [Float32Array.of(0)],
        { learningRate: () => 0.5, weightDecay: 0.5, decay },
        specOf(kind),
      );
    for (const kind of ["table", "matrix"] as const) expect(decayed(kind, "weights")).toBe(3);
    for (const kind of ["gain", "shift"] as const) {
      expect(decayed(kind, "weights")).toBe(4);
      expect(decayed(kind, "all")).toBe(3);
    }
  });
});

test("a group's parameters follow an optimizer of their own rate and decay, and frozen ones stay, moments too", () => {
  const [start, gradients] = [Float32Array.of(1, -2), [Float32Array.of(0.3, -1), Float32Array.of(-2, 0.1)]];
  const shared = { learningRate: () => 0.1, weightDecay: 0.5 };
  const groups = [
    { names: ["w"], kinds: ["table"], frozen: true },
    { kinds: ["matrix"], rate: 0.25, weightDecay: 0.1 },
  ] as const;
  for (const run of [runArrays, runOps])
    for (const flavour of flavours) {
      const grouped = { ...shared, flavour, groups };
      const alone = { learningRate: () => 0.025, weightDecay: 0.1, flavour };
      expect([...run(start, gradients, grouped, specOf("matrix"))]).toEqual([...run(start, gradients, alone)]);
      expect([...run(start, gradients, grouped, specOf("table"))]).toEqual([...start]);
      const without = run(start, gradients, { ...shared, flavour }, specOf("gain"));
      expect([...run(start, gradients, grouped, specOf("gain"))]).toEqual([...without]);
    }
  expect(adamw({ ...shared, groups }).rests(specOf("table"))).toBe(true);
  expect(() => adamw({ ...shared, groups: [{ rate: -1 }] })).toThrow("groups' rate is out of range");
});

test("what rests is what does not decay", () => {
  const rests = (kind: ParameterKind, options: Partial<AdamwOptions>) =>
    adamw({ learningRate: () => 1, ...options }).rests(specOf(kind));
  expect(rests("table", {})).toBe(true);
  expect(rests("table", { weightDecay: 0.1 })).toBe(false);
  expect(rests("shift", { weightDecay: 0.1 })).toBe(true);
  expect(rests("shift", { weightDecay: 0.1, decay: "all" })).toBe(false);
});

test("numbers of a step: the rate first; of step 0 the bias corrections are those of t = 1", () => {
  const { numbers, learningRate } = adamw({ learningRate: (step) => 0.5 / (step + 1), beta1: 0, beta2: 0.75 });
  expect([...numbers(0)].slice(0, 3)).toEqual([0.5, -0.25, -0.25]);
  expect(learningRate(1)).toBe(0.25);
  expect(numbers(1)[0]).toBe(0.25);
});

test("JavaScript's kernels add, and sum squares in float64", async () => {
  const { add, sumOfSquares } = scriptKernels;
  const sum = new Float32Array(2);
  add(Float32Array.of(1, 2), Float32Array.of(10, 20), sum);
  expect(sum).toEqual(Float32Array.of(11, 22));
  fc.assert(
    fc.property(fc.float32Array({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }), (x) => {
      const naive = x.reduce((total, value) => total + value * value, 0);
      expect(Math.abs(sumOfSquares(x) - naive)).toBeLessThanOrEqual(x.length * 2 ** -52 * naive);
    }),
  );
});

test("wrong settings are refused", () => {
  const learningRate = () => 1;
  for (const wrong of [{ beta1: 1 }, { beta2: -0.1 }, { beta2: Number.NaN }, { epsilon: 0 }, { weightDecay: -1 }]) {
    expect(() => adamw({ learningRate, ...wrong })).toThrow(ConfigError);
  }
  expect(() => adamw({ learningRate, flavour: "toString" as "hf" })).toThrow("adamw: unknown flavour. Got toString");
  expect(() => adamw({ learningRate, decay: "none" as "all" })).toThrow('expected "weights" or "all"');
});
