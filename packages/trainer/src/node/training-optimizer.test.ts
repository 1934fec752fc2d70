import { scriptKernel } from "@kindred/adamw";
import { adamwKernel } from "@kindred/backend-wasm";
import { type Core, soloCore } from "@kindred/mesh";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import { parameterExchange, parameterShards, sharedHeap, touchedRows } from "@kindred/tpu-sharding";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trainConfig } from "../train-config.ts";
import type { TrainConfig } from "../train-options.ts";
import type { TrainingCoreData } from "./training-core.ts";
import { trainingOptimizer } from "./training-optimizer.ts";

// The steps of a run on cores that take turns in one thread: rows of gradients in, exchanged, AdamW over each core's shard.

const anyRun = fc.record({
  cores: fc.integer({ min: 1, max: 3 }), // shards cut the table in the middle of a row
  optimizer: fc.constantFrom("hf", "torch"),
  weightDecay: fc.constantFrom(0, 0.1),
  vocab: fc.integer({ min: 1, max: 9 }),
  hidden: fc.constantFrom(3, 100, 257),
  /** Rows that each of three parts of the batch touches, step by step; part p is core p % cores'. */
  steps: fc.array(fc.array(fc.array(fc.nat(8), { maxLength: 3 }), { minLength: 3, maxLength: 3 }), {
    minLength: 2,
    maxLength: 6,
  }),
  resumeAt: fc.nat(6),
  seed: fc.nat(999),
});
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;
type How = { readonly backend: string; readonly tables: boolean; readonly update?: string; readonly resumed?: boolean };

/** What main keeps of a run, as `trainingMemory` makes it. */
function newMemory({ vocab, hidden, cores, seed }: Run, { backend, tables }: How) {
  const shards = parameterShards({ bias: 5, table: vocab * hidden, weight: 7 }, cores);
  const names = ["weights", "first", "second", ...Array.from({ length: cores }, (_, core) => `${core}`)];
  const { arrays, heap } = sharedHeap(Object.fromEntries(names.map((name) => [name, shards.length])));
  const { weights, first, second } = arrays as { [name in "weights" | "first" | "second"]: Float32Array };
  weights.set(floatsFromSeed(seed, shards.length));
  const memory = {
    weights,
    gradients: shards.shards.map((_, core) => arrays[`${core}`]!),
    tables: tables ? touchedRows(shards, { table: hidden }) : {},
  };
  return { shards, memory, moments: { first, second }, heap: backend === "wasm" ? heap : undefined };
}

/** One core's exchange and optimizer. There is no clipping, so it needs no other core for the norm. */
async function startCore(data: ReturnType<typeof newMemory>, index: number, config: TrainConfig, stepsDone: number) {
  const core: Core = { ...soloCore(), index, size: data.shards.shards.length };
  const program = { ...data, config, stepsDone } as unknown as TrainingCoreData;
  const kernel = data.heap && (await adamwKernel(data.heap));
  return {
    exchange: parameterExchange(core, data.shards, data.memory, { add: kernel?.add }),
    optimizer: trainingOptimizer(core, program, kernel ?? scriptKernel),
  };
}

/** Multiples of 1/64, so that sums are exact in any order. */
const gradientsFromSeed = (seed: number, length: number) =>
  floatsFromSeed(seed, length).map((x) => Math.round(x * 64) / 64);

async function train(run: Run, how: How) {
  const { optimizer, weightDecay, vocab, hidden, seed } = run;
  let data = newMemory(run, how);
  const config = trainConfig({
    ...{ maxSteps: 20, warmupSteps: 1, learningRate: 0.1, maxGradNorm: 0 },
    ...{ optimizer, weightDecay, embeddingUpdate: how.update ?? "dense", backend: how.backend },
  });
  const start = (stepsDone: number) =>
    Promise.all(data.shards.shards.map((_, core) => startCore(data, core, config, stepsDone)));
  let cores = await start(0);
  for (const [step, touched] of run.steps.entries()) {
    if (how.resumed && step === run.resumeAt) {
      const before = data;
      data = newMemory(run, how);
      data.memory.weights.set(before.memory.weights);
      data.moments.first.set(before.moments.first);
      data.moments.second.set(before.moments.second);
      cores = await start(step);
    }
    for (const [part, ofPart] of touched.entries()) {
      const { exchange } = cores[part % cores.length]!;
      const rows = Int32Array.from(ofPart, (row) => row % vocab);
      const values = gradientsFromSeed(seed + 3 * step + part, rows.length * hidden);
      if (rows.length > 0) exchange.addGradient("table", { rows, values });
      exchange.addGradient("bias", gradientsFromSeed(seed + part, 5));
    }
    for (const { exchange } of cores) exchange.localGradients();
    for (const { exchange, optimizer } of cores) {
      const gradients = exchange.reduceGradients();
      optimizer.step(gradients, exchange.ownWeights, { touched: exchange.touchedElements() });
    }
    for (const { exchange } of cores) exchange.publishWeights();
  }
  const { memory, moments } = data;
  return { weights: memory.weights, ...moments };
}

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  const dense = { backend, tables: false };

  const expectDense = (how: Partial<How>) =>
    fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        expect(await train(run, { backend, tables: true, ...how })).toEqual(await train(run, dense));
      }),
      { numRuns: 25 },
    );

  test("steps that look at a table's touched rows alone are the dense ones, bit for bit, on any cores", () =>
    expectDense({}));

  test("and they are after a resume", () => expectDense({ resumed: true }));

  test("the laws notice the lazy form", () => expectMutantToFail(() => expectDense({ update: "lazy" })));
});

test("the lazy form is the same on any cores, by any kernel, to rounding, and bit for bit after a resume", () =>
  fc.assert(
    fc.asyncProperty(anyRun, async (run) => {
      const lazy = { tables: true, update: "lazy" };
      const onWasm = await train(run, { ...lazy, backend: "wasm" });
      expect(await train(run, { ...lazy, backend: "wasm", resumed: true })).toEqual(onWasm);
      // Weights near 2 and steps near 0.1, in float32 for six steps: some 1e-7 each.
      for (const other of [
        await train({ ...run, cores: 1 }, { ...lazy, backend: "wasm" }),
        await train(run, { ...lazy, backend: "cpu" }),
      ]) {
        expect(other.weights).toBeCloseToArray(onWasm.weights, { tolerance: 4e-6 });
        expect(other.first).toBeCloseToArray(onWasm.first, { tolerance: 2e-6 });
      }
    }),
    { numRuns: 25 },
  ));
