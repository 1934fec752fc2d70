import { cpu, type Engine, moduleOfEngine, tfjs } from "@kindred/tensor";
import type { Mesh } from "@kindred/mesh";
import { startMesh } from "@kindred/mesh/node";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import { expect, test } from "vitest";
import { exchangeMemory } from "./exchange-memory.ts";
import { parameterShards } from "./parameter-shards.ts";
import { parameterViews } from "./parameter-views.ts";

// Two linear towers and a contrastive loss over all cores' rows (test-programs/tower.mjs): allGather forward, its reduceScatter
// backward, the exchange of gradients and weights between steps.
const [inputs, hidden] = [5, 3];
const scale = 1.5;

/** Numbers near 1 with no structure, the same each time. */
const numbers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + 1.7 * i * (i + 1)));
const initial = { u: numbers(hidden * inputs, 1), v: numbers(hidden * inputs, 2) };
const batchOf = (rows: number) => ({ x: numbers(rows * inputs, 3), y: numbers(rows * inputs, 4), rows });

type Result = { losses: number[]; gradients: Record<string, Float32Array>; tensors: number };

type TrainOptions = { rows: number; steps?: number; engine?: Engine; mutant?: boolean };

async function train(cores: number, options: TrainOptions) {
  const { rows, steps = 1, engine = tfjs(), mutant = false } = options;
  const shards = parameterShards({ u: hidden * inputs, v: hidden * inputs }, cores);
  const memory = exchangeMemory(shards);
  const weights = parameterViews(shards, memory.weights);
  for (const [name, values] of Object.entries(initial)) weights[name]!.set(values);
  const program = new URL("../test-programs/tower.mjs", import.meta.url);
  const data = { shards, memory, sizes: { inputs, hidden }, engine: moduleOfEngine("the law", engine), mutant };
  await using mesh = await startMesh({ cores, program, data });
  const argument = { batch: batchOf(rows), steps, rate: 0.1 };
  const results = (await mesh.call("train", Array(cores).fill(argument))) as Result[];
  const gradient = Float32Array.from(
    shards.parameters.flatMap(({ name }) => results.flatMap(({ gradients }) => [...(gradients[name] ?? [])])),
  );
  return { losses: results[0]!.losses, gradient, weights: memory.weights.slice(), results };
}

/** The loss by its formula in float64. */
function referenceLoss(weights: Float64Array, { x, y, rows }: ReturnType<typeof batchOf>): number {
  const project = (values: Float32Array, from: number, row: number) =>
    Array.from({ length: hidden }, (_, h) =>
      Array.from({ length: inputs }, (_, i) => values[row * inputs + i]! * weights[from + h * inputs + i]!).reduce(
        (a, b) => a + b,
      ),
    );
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    const a = project(x, 0, i);
    const scores = Array.from({ length: rows }, (_, j) => {
      const b = project(y, hidden * inputs, j);
      return scale * a.reduce((sum, value, h) => sum + value * b[h]!, 0);
    });
    loss += (Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[i]!) / rows;
  }
  return loss;
}

const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));

// Float32 sums of some 30 products in another order differ by about √30 · 2⁻²⁴ ≈ 3e-7 of the largest term; 1e-5 leaves room for
// cancellation in single elements, and the mutant is off by a large part of it.
const relative = 1e-5;

test.each([
  [2, 7],
  [4, 7],
  [4, 3], // the last core has no rows and only calls the collectives
  [2, 1],
])("%i cores = 1 core on %i rows: loss and gradients, and both are the float64 reference's", async (cores, rows) => {
  const one = await train(1, { rows });
  const many = await train(cores, { rows });
  expect(many.losses).toBeCloseToArray(one.losses, { relative });
  expect(many.gradient).toBeCloseToArray(one.gradient, { tolerance: relative * largest(one.gradient) });
  const start = Float32Array.from([...initial.u, ...initial.v]);
  const reference = finiteDifferences((weights) => referenceLoss(weights, batchOf(rows)), start);
  expect(many.losses[0]).toBeCloseTo(referenceLoss(Float64Array.from(start), batchOf(rows)), 5);
  expect(many.gradient).toBeCloseToArray(reference, { tolerance: relative * Math.max(largest(reference), 1) });
});

test("the law above notices an allGather whose gradient is only cut, not summed", async () => {
  const one = await train(1, { rows: 8 });
  const mutant = await train(2, { rows: 8, mutant: true });
  expectMutantToFail(() =>
    expect(mutant.gradient).toBeCloseToArray(one.gradient, { tolerance: relative * largest(one.gradient) }),
  );
});

test("steps of training keep the cores' weights together, repeat bit for bit, and leak no tensor", async () => {
  const once = await train(2, { rows: 7, steps: 10 });
  const again = await train(2, { rows: 7, steps: 10 });
  expect(again.losses).toEqual(once.losses);
  expect(again.weights).toEqual(once.weights);
  expect(once.losses.at(-1)).toBeLessThan(once.losses[0]! - 0.1);
  expect(once.results.map(({ tensors }) => tensors)).toEqual([0, 0]);
  const one = await train(1, { rows: 7, steps: 10 });
  expect(once.weights).toBeCloseToArray(one.weights, { tolerance: relative * largest(one.weights) });
});

test("the collective ops run on the cpu engine as well", async () => {
  const onWasm = await train(2, { rows: 5 });
  const onCpu = await train(2, { rows: 5, engine: cpu() });
  expect(onCpu.gradient).toBeCloseToArray(onWasm.gradient, { tolerance: relative * largest(onWasm.gradient) });
});

test.each([1, 2, 4])(
  "on %i cores an exchange ends with the sum of all gradients added to the weights, on every core, step after step",
  async (cores) => {
    const shards = parameterShards({ weight: 7, empty: 0, bias: 2 }, cores);
    const memory = exchangeMemory(shards);
    memory.weights.fill(100);
    const program = new URL("../test-programs/exchange.mjs", import.meta.url);
    await using mesh: Mesh = await startMesh({ cores, program, data: { shards, memory } });
    const expected = new Float32Array(shards.length).fill(100);
    for (let step = 0; step < 3; step++) {
      const gradients = Array.from({ length: cores }, (_, core) =>
        Float32Array.from({ length: shards.length }, (_, i) => step + core * i),
      );
      for (const [i, weight] of expected.entries())
        expected[i] = gradients.reduce((sum, own) => sum + (own[i] ?? 0), weight);
      const named = gradients.map((gradient) => Object.entries(parameterViews(shards, gradient)));
      const whole = Object.entries(parameterViews(shards, expected)).map(([name, values]) => [name, values.slice()]);
      expect(await mesh.call("step", named)).toEqual(Array(cores).fill(Object.fromEntries(whole)));
    }
  },
);
