import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { adamwFlavours } from "./adamw-flavours.ts";
import {
  type AdamwInPlaceOptions,
  type AdamwInPlaceState,
  adamwInPlace,
  type InPlaceOptimizer,
} from "./adamw-in-place.ts";
import type { NamedArrays } from "./named-arrays.ts";
import { scriptKernel } from "./script-kernel.ts";

// A table of rows of which each step touches some: the laws of what becomes of the others.

const anyRun = fc
  .record({
    rows: fc.integer({ min: 1, max: 8 }),
    rowLength: fc.integer({ min: 1, max: 300 }), // blocks of the optimizer have 256 elements: rows share them, and span two
    flavour: fc.constantFrom("hf" as const, "torch" as const),
    weightDecay: fc.constantFrom(0, 0.3),
    decays: fc.boolean(),
    maxGradNorm: fc.constantFrom(0.5, Number.POSITIVE_INFINITY),
    /** Rows that a step touches, as bits; row 0 gets gradients of zero, and the rate of some steps is 0. */
    steps: fc.array(fc.nat(255), { minLength: 2, maxLength: 7 }),
    resumeAt: fc.nat(7),
    seed: fc.nat(999),
  })
  .map(({ decays, ...run }) => ({ ...run, decayMask: () => decays }));
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

const learningRate = (step: number) => (step % 3) * 0.05;
const touches = (bits: number, row: number) => (bits >> row) % 2 === 1;

function gradientOf({ rows, rowLength, seed }: Run, bits: number, step: number): Float32Array {
  const gradient = floatsFromSeed(seed + step, rows * rowLength);
  for (let row = 0; row < rows; row++)
    if (row === 0 || !touches(bits, row)) gradient.fill(0, row * rowLength, (row + 1) * rowLength);
  return gradient;
}

/** One run for each touched row, so that neighbours are two runs. */
function runsOf({ rows, rowLength }: Run, bits: number): Int32Array {
  const touched = Array.from({ length: rows }, (_, row) => row).filter((row) => touches(bits, row));
  return Int32Array.from(touched.flatMap((row) => [row * rowLength, (row + 1) * rowLength]));
}

type How = {
  readonly told: boolean;
  readonly options?: Partial<AdamwInPlaceOptions>;
  readonly resumed?: (
    state: AdamwInPlaceState,
    optimizer: InPlaceOptimizer<AdamwInPlaceState>,
    weights: NamedArrays,
  ) => AdamwInPlaceState;
};

/** Weights, moments and the norm of each step, of a run that begins anew from its state in the middle where `resumed` is given. */
function train(run: Run, { told, options, resumed }: How) {
  const { rows, rowLength, seed, flavour, weightDecay, decayMask, maxGradNorm } = run;
  const optimizer = () =>
    adamwInPlace({ kernel: scriptKernel, learningRate, flavour, weightDecay, decayMask, maxGradNorm, ...options });
  const weights = { table: floatsFromSeed(seed, rows * rowLength) };
  let used = optimizer();
  let state = used.init(weights);
  const norms = run.steps.map((bits, step) => {
    if (resumed && step === run.resumeAt) {
      used = optimizer();
      state = resumed(state, used, weights);
    }
    const gradients = { table: gradientOf(run, bits, step) };
    used.step(gradients, state, weights, told ? { touched: { table: runsOf(run, bits) } } : {});
    return state.clip.norm;
  });
  const { firstMoment, secondMoment } = state.adamw.adam;
  return { weights: weights.table, first: firstMoment["table"]!, second: secondMoment["table"]!, norms };
}

const copied = (state: AdamwInPlaceState): AdamwInPlaceState => structuredClone(state);

function expectDense(how: Omit<How, "told">): void {
  fc.assert(
    fc.property(anyRun, (run) => {
      const unclipped = { ...run, maxGradNorm: Number.POSITIVE_INFINITY };
      const [told, dense] = [train(unclipped, { told: true, ...how }), train(unclipped, { told: false })];
      // Squares are summed in another order, in float64.
      expect(told.norms).toBeCloseToArray(dense.norms, { relative: 1e-12 });
      expect({ ...told, norms: [] }).toEqual({ ...dense, norms: [] });
      // Clipped by such a norm, a gradient may round to the next float32, 1e-7 of it, and so on for seven steps of at most 0.1.
      const [clipped, clippedDense] = [train(run, { told: true, ...how }), train(run, { told: false })];
      expect(clipped.weights).toBeCloseToArray(clippedDense.weights, { tolerance: 1e-6 });
    }),
    { numRuns: 60 },
  );
}

test("told which elements are touched, a step is the dense one, bit for bit", () => expectDense({}));

test("and so it is after a run was resumed from its weights and moments", () => expectDense({ resumed: copied }));

test("the law notices an optimizer that forgets to decay the moments of untouched elements", () =>
  expectMutantToFail(() => expectDense({ options: { untouched: "lazy" } })));

test("the law notices a resumed run that takes every element for one that no step has touched", () => {
  // It looks at moments before they are filled from a checkpoint.
  const forgetful: How["resumed"] = (state, optimizer, weights) => {
    const blank = optimizer.init(weights);
    const { length } = weights["table"]!;
    const nothing = { touched: { table: new Int32Array() } };
    optimizer.step({ table: new Float32Array(length) }, blank, { table: new Float32Array(length) }, nothing);
    for (const moment of ["firstMoment", "secondMoment"] as const)
      blank.adamw.adam[moment]["table"]!.set(state.adamw.adam[moment]["table"]!);
    blank.adamw.adam.step = state.adamw.adam.step;
    blank.adamw.decay.step = state.adamw.decay.step;
    return blank;
  };
  return expectMutantToFail(() => expectDense({ resumed: forgetful }));
});

/** LazyAdam in float64: of a row that is not touched, nothing moves. */
function lazyReference(run: Run) {
  const { rows, rowLength, flavour, weightDecay, decayMask, maxGradNorm } = run;
  const { epsilon, epsilonAdded, order } = adamwFlavours[flavour];
  const weights = Float64Array.from(floatsFromSeed(run.seed, rows * rowLength));
  const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  for (const [step, bits] of run.steps.entries()) {
    const t = step + 1;
    const rate = learningRate(step);
    const gradient = gradientOf(run, bits, step);
    const norm = Math.hypot(...gradient);
    for (let i = 0; i < weights.length; i++) {
      if (!touches(bits, Math.floor(i / rowLength))) continue;
      const g = gradient[i]! * Math.min(1, maxGradNorm / (norm + 1e-6));
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      const corrected = Math.sqrt(1 - 0.999 ** t);
      const denominator = Math.sqrt(second[i]!) + (epsilonAdded === "before" ? epsilon : epsilon * corrected);
      const moved = (-rate * (corrected / (1 - 0.9 ** t)) * first[i]!) / denominator;
      const kept = decayMask() ? 1 - rate * weightDecay : 1;
      weights[i] = order === "before" ? weights[i]! * kept + moved : (weights[i]! + moved) * kept;
    }
  }
  return { weights, first, second };
}

function expectLazy(untouched: "dense" | "lazy"): void {
  fc.assert(
    fc.property(anyRun, (run) => {
      const [ours, reference] = [train(run, { told: true, options: { untouched } }), lazyReference(run)];
      // Weights below 2 and both moments are rounded to float32 once a step: 6e-8 of each; the quotient of moments, below 4 times the rate of
      // 0.1, passes roundings of 7 steps on: 7 · 0.4 · 2e-7.
      expect(ours.weights).toBeCloseToArray(reference.weights, { tolerance: 2e-6 });
      expect(ours.first).toBeCloseToArray(reference.first, { tolerance: 1e-6 });
      expect(ours.second).toBeCloseToArray(reference.second, { tolerance: 1e-6 });
    }),
    { numRuns: 60 },
  );
}

test("lazy, touched elements move as AdamW moves them and all others stand still", () => expectLazy("lazy"));

test("the law of the lazy form notices the dense one", () => expectMutantToFail(() => expectLazy("dense")));

test("lazy and resumed is lazy, bit for bit", () => {
  fc.assert(
    fc.property(anyRun, (run) => {
      const lazy = { told: true, options: { untouched: "lazy" } } as const;
      expect(train(run, { ...lazy, resumed: copied })).toEqual(train(run, lazy));
    }),
    { numRuns: 30 },
  );
});

test("a step without hints in between is not forgotten", () => {
  const weights = { table: Float32Array.of(1, 2) };
  const optimizer = adamwInPlace({ kernel: scriptKernel, learningRate: () => 0.1 });
  const state = optimizer.init(weights);
  const touched = { table: new Int32Array() };
  optimizer.step({ table: new Float32Array(2) }, state, weights, { touched });
  optimizer.step({ table: Float32Array.of(1, 1) }, state, weights);
  const before = weights.table.slice();
  optimizer.step({ table: new Float32Array(2) }, state, weights, { touched });
  expect(weights.table[0]).toBeLessThan(before[0]!);
});
