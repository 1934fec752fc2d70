import type { Optimizer } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { cpu, tfjs } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import { expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/tpu-sharding`.
import { startStepRunner } from "../dist/node/index.js";
import { soloStepRunner } from "./solo-step-runner.ts";
import type { StepRunner } from "./step-runner.ts";

// Two linear towers and a contrastive loss over all cores' rows (test-programs/tower.mjs): allGather forward, its reduceScatter
// backward, the exchange of gradients and parameters between steps.
const [inputs, hidden] = [5, 3];
const scale = 1.5;
const program = new URL("../test-programs/tower.mjs", import.meta.url);

/** Numbers near 1 with no structure, the same each time. */
const numbers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + 1.7 * i * (i + 1)));
const specs: ParameterSpec[] = ["u", "v"].map((name) => ({ name, shape: [hidden, inputs], kind: "matrix" }));
const initial = [numbers(hidden * inputs, 1), numbers(hidden * inputs, 2)] as const;
const batchOf = (rows: number) => ({ x: numbers(rows * inputs, 3), y: numbers(rows * inputs, 4), rows });
type Batch = ReturnType<typeof batchOf>;

type TrainOptions = { rows: number; steps?: number; engine?: "tfjs" | "cpu"; mutant?: boolean; solo?: boolean };

async function train(cores: number, options: TrainOptions) {
  const { rows, steps = 1, engine = "tfjs", mutant = false, solo = false } = options;
  const { default: make, descent } = (await import(program.href)) as { default: never; descent: Optimizer };
  const common = {
    engine: engine === "cpu" ? cpu() : tfjs(),
    specs,
    values: [["u", initial[0]] as const, ["v", initial[1]] as const],
    optimizer: descent,
    data: { inputs, hidden, mutant },
  };
  const runner: StepRunner<Batch, null> = solo
    ? await soloStepRunner({ ...common, program: make })
    : await startStepRunner({ ...common, cores, program });
  try {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const shares = Array.from({ length: cores }, () => batchOf(rows));
      losses.push((await runner.run(shares, descent.numbers(step))).loss);
    }
    const state = new Map<string, Float32Array>();
    for (const { name, shape, read } of runner.state()) {
      expect(shape).toEqual([hidden, inputs]);
      state.set(name, (await read()).slice());
    }
    expect([...state.keys()]).toEqual(["gradient.u", "gradient.v"]);
    const weights = await Promise.all(["u", "v"].map(async (name) => [...(await runner.read(name))]));
    const tensors = await runner.embed(Array.from({ length: cores }, () => null));
    return {
      losses,
      gradient: Float32Array.from([...state.values()].flatMap((values) => [...values])),
      weights: Float32Array.from(weights.flat()),
      tensors: tensors.map(([count]) => count),
    };
  } finally {
    await runner.stop();
  }
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
  const start = Float32Array.from(initial.flatMap((values) => [...values]));
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
  expect(once.tensors).toEqual([0, 0]);
  const one = await train(1, { rows: 7, steps: 10 });
  expect(once.weights).toBeCloseToArray(one.weights, { tolerance: relative * largest(one.weights) });
});

test("the collective ops run on the cpu backend as well", async () => {
  const wasm = await train(2, { rows: 5 });
  const slow = await train(2, { rows: 5, engine: "cpu" });
  expect(slow.gradient).toBeCloseToArray(wasm.gradient, { tolerance: relative * largest(wasm.gradient) });
});

test("this thread alone trains as a core of its own does", async () => {
  const thread = await train(1, { rows: 7, steps: 10 });
  const here = await train(1, { rows: 7, steps: 10, solo: true });
  expect(here.losses).toBeCloseToArray(thread.losses, { relative });
  expect(here.gradient).toBeCloseToArray(thread.gradient, { tolerance: relative * largest(thread.gradient) });
  expect(here.weights).toBeCloseToArray(thread.weights, { tolerance: relative * largest(thread.weights) });
});
