import { ShapeError } from "@kindred/errors";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { adamw } from "./adamw.ts";
import { adamwInPlace } from "./adamw-in-place.ts";
import type { AdamwKernel } from "./adamw-kernel.ts";
import { applyUpdates } from "./apply-updates.ts";
import { chain } from "./chain.ts";
import { clipByGlobalNorm } from "./clip-by-global-norm.ts";
import { scriptKernel } from "./script-kernel.ts";

const kernel = scriptKernel;

const cases = fc.record({
  flavour: fc.constantFrom("hf", "torch"),
  weightDecay: fc.constantFrom(0, 0.01, 0.3),
  maxGradNorm: fc.constantFrom(0.5, 1e3, Infinity),
  sizes: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 })),
  seed: fc.nat(999),
});

function expectSame(used: AdamwKernel) {
  fc.assert(
    fc.property(cases, ({ maxGradNorm, sizes: [a, b], seed, ...options }) => {
      const all = { ...options, learningRate: (step: number) => 0.1 / (1 + step), decayMask: (n: string) => n !== "b" };
      const [ours, theirs] = [0, 1].map(() => ({ a: floatsFromSeed(seed, a), b: floatsFromSeed(seed + 1, b) }));
      const inPlace = adamwInPlace({ kernel: used, maxGradNorm, ...all });
      const chained = chain({ clip: clipByGlobalNorm(maxGradNorm), adamw: adamw(all) });
      const [state, chainedState] = [inPlace.init(ours!), chained.init(theirs!)];
      for (let step = 0; step < 3; step++) {
        const gradients = () => ({ a: floatsFromSeed(seed + step + 7, a), b: floatsFromSeed(seed + step + 9, b) });
        inPlace.step(gradients(), state, ours!);
        applyUpdates(theirs!, chained.update(gradients(), chainedState, theirs!));
      }
      expect([state.adamw.adam.step, state.adamw.decay.step]).toEqual([3, 3]);
      expect(state.clip.norm).toBeCloseTo(chainedState.clip.norm, 6);
      for (const name of ["a", "b"] as const) {
        // Three steps, each with a few roundings of weights near 1 and steps near 0.1: some 1e-7 each.
        for (const [i, weight] of theirs![name].entries())
          expect(Math.abs(ours![name][i]! - weight)).toBeLessThan(2e-6);
      }
    }),
  );
}

test("is the chain of clipping, Adam and decay, applied", () => expectSame(kernel));

test("the law notices a step that the decay forgets", async () => {
  const mutant = { ...kernel, step: ((arrays, n) => kernel.step(arrays, { ...n, kept: 1 })) as AdamwKernel["step"] };
  await expectMutantToFail(async () => expectSame(mutant));
});

test("the law notices gradients that are not clipped", async () => {
  const mutant = { ...kernel, step: ((arrays, n) => kernel.step(arrays, { ...n, clip: 1 })) as AdamwKernel["step"] };
  await expectMutantToFail(async () => expectSame(mutant));
});

test("a gradient that is not finite changes nothing but the norm", () => {
  const optimizer = adamwInPlace({ kernel, learningRate: () => 1 });
  const weights = { w: Float32Array.of(1, 2) };
  const state = optimizer.init(weights);
  optimizer.step({ w: Float32Array.of(1, Number.NaN) }, state, weights);
  expect(weights.w).toEqual(Float32Array.of(1, 2));
  expect(state).toEqual({ ...optimizer.init(weights), clip: { norm: Number.NaN } });
});

test("refuses a gradient without a parameter", () => {
  const optimizer = adamwInPlace({ kernel, learningRate: () => 1 });
  const weights = { w: Float32Array.of(1) };
  expect(() => optimizer.step({ u: Float32Array.of(1) }, optimizer.init(weights), weights)).toThrow(ShapeError);
});
