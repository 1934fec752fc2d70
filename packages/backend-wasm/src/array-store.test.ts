import { type AdamwFlavour, adamw } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import type { Mesh } from "@kindred/mesh";
import { startMesh } from "@kindred/mesh/node";
import { cpu, type Engine, moduleOfEngine } from "@kindred/tensor";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import { parameterViews, type StoreMemory, type StoreOptions, storeMemory } from "@kindred/tpu-sharding";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { wasm } from "./wasm.ts";

// Steps of AdamW in a store whose arrays these kernels, or JavaScript's, work on: on one core and several, which hand over rows of a
// table's gradient. What becomes of rows that no core touches is the subject.

const anyRun = fc.record({
  cores: fc.integer({ min: 1, max: 3 }), // shards cut the table in the middle of a row
  flavour: fc.constantFrom<AdamwFlavour>("hf", "torch"),
  weightDecay: fc.constantFrom(0, 0.1),
  vocab: fc.integer({ min: 1, max: 9 }),
  hidden: fc.constantFrom(3, 100, 257), // blocks of the store have 256 elements: rows share them, and span two
  /** Rows that each of three parts of the batch touches, step by step; part p is core p % cores'. */
  steps: fc.array(fc.array(fc.array(fc.nat(8), { maxLength: 3 }), { minLength: 3, maxLength: 3 }), {
    minLength: 2,
    maxLength: 6,
  }),
  resumeAt: fc.nat(6),
  seed: fc.nat(999),
});
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;
type How = Partial<Pick<StoreOptions, "untouched" | "maxGradNorm" | "clipping">> & {
  /** Whether the table is one, or a matrix whose gradient is summed and looked at whole. */
  readonly tables: boolean;
  /** Whether the run begins anew from its parameters and moments in the middle. Default false. */
  readonly resumed?: boolean;
  /** Whether the parameters lie in the engine's own memory, and all is done by ops. Default false. */
  readonly tensors?: boolean;
};
type Meshes = ReadonlyMap<number, Mesh>;

const learningRate = (step: number) => (step % 3) * 0.05;

function newMemory({ vocab, hidden, cores, seed }: Run, { tables }: How): StoreMemory {
  const specs: ParameterSpec[] = [
    { name: "bias", shape: [5], kind: "shift" },
    { name: "table", shape: [vocab, hidden], kind: tables ? "table" : "matrix" },
    { name: "weight", shape: [7], kind: "matrix" },
  ];
  const memory = storeMemory(specs, { cores, slots: ["first", "second"] });
  memory.parameters.set(floatsFromSeed(seed, memory.parameters.length));
  return memory;
}

/** Multiples of 1/64, so that sums are exact in any order. */
const gradientsFromSeed = (seed: number, length: number) =>
  floatsFromSeed(seed, length).map((x) => Math.round(x * 64) / 64);

/** What each core hands over in a step. */
function gradientsOf({ vocab, hidden, seed, cores }: Run, step: number, touched: readonly (readonly number[])[]) {
  const perCore = Array.from({ length: cores }, () => [] as [name: string, gradient: object][]);
  for (const [part, ofPart] of touched.entries()) {
    const rows = Int32Array.from(ofPart, (row) => row % vocab);
    const values = gradientsFromSeed(seed + 3 * step + part, rows.length * hidden);
    const own = perCore[part % cores];
    if (rows.length > 0) own?.push(["table", { rows, values, shape: [rows.length, hidden] }]);
    own?.push(["bias", { values: gradientsFromSeed(seed + part, 5) }]);
  }
  return perCore;
}

async function train(meshes: Meshes, run: Run, { tables, resumed = false, ...options }: How) {
  const mesh = meshes.get(run.cores);
  if (mesh === undefined) throw new Error("there is a mesh for each number of cores");
  const { flavour, weightDecay, cores } = run;
  const optimizer = adamw({ learningRate, flavour, weightDecay });
  const call = (method: string, argument: (core: number) => unknown) =>
    mesh.call(
      method,
      Array.from({ length: cores }, (_, core) => argument(core)),
    );
  const open = (given: StoreMemory) =>
    call("open", () => ({ memory: given, optimizer: { flavour, weightDecay }, ...options }));
  let memory = newMemory(run, { tables });
  await open(memory);
  const norms: unknown[] = [];
  for (const [step, touched] of run.steps.entries()) {
    if (resumed && step === run.resumeAt) {
      const before = memory;
      memory = newMemory(run, { tables });
      memory.parameters.set(before.parameters);
      for (const [slot, values] of Object.entries(before.slots)) memory.slots[slot]?.set(values);
      await open(memory);
    }
    const gradients = gradientsOf(run, step, touched);
    const job = (core: number) => ({ gradients: gradients[core], numbers: optimizer.numbers(step) });
    const given = await call("step", job);
    expect(new Set(given).size).toBe(1); // the same on every core
    norms.push(given[0]);
  }
  const [held, ...others] = (await call("read", () => undefined)) as [name: string, values: Float32Array][][];
  for (const other of others) expect(other).toEqual(held);
  const whole = parameterViews(memory.shards, memory.parameters);
  if (options.tensors === true) for (const [name, values] of held ?? []) whole[name]?.set(values);
  expect(held).toEqual(Object.entries(whole).map(([name, values]) => [name, values.slice()]));
  const { first = new Float32Array(), second = new Float32Array() } = memory.slots;
  return { weights: memory.parameters.slice(), first: first.slice(), second: second.slice(), norms };
}

async function startMeshes(engine: Engine): Promise<Meshes> {
  const program = new URL("../test-programs/array-store.mjs", import.meta.url);
  const data = { engine: moduleOfEngine("the test", engine) };
  const meshes = [1, 2, 3].map(async (cores) => [cores, await startMesh({ cores, program, data })] as const);
  return new Map(await Promise.all(meshes));
}

/** LazyAdam in float64: of a row that is not touched, nothing moves. */
function lazyReference(run: Run) {
  const { vocab, hidden, flavour, weightDecay, seed } = run;
  const epsilon = flavour === "hf" ? 1e-6 : 1e-8;
  const weights = Float64Array.from(floatsFromSeed(seed, 5 + vocab * hidden + 7)).subarray(5, 5 + vocab * hidden);
  const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  for (const [step, touched] of run.steps.entries()) {
    const gradient = new Map<number, Float64Array>();
    for (const [part, ofPart] of touched.entries()) {
      const values = gradientsFromSeed(seed + 3 * step + part, ofPart.length * hidden);
      for (const [i, row] of ofPart.entries()) {
        const sum = gradient.get(row % vocab) ?? new Float64Array(hidden);
        gradient.set(
          row % vocab,
          sum.map((x, j) => x + (values[i * hidden + j] ?? Number.NaN)),
        );
      }
    }
    const [t, rate] = [step + 1, learningRate(step)];
    const corrected = Math.sqrt(1 - 0.999 ** t);
    const kept = 1 - rate * weightDecay;
    for (const [row, values] of gradient) {
      for (const [j, g] of values.entries()) {
        const i = row * hidden + j;
        const m = 0.9 * (first[i] ?? Number.NaN) + 0.1 * g;
        const v = 0.999 * (second[i] ?? Number.NaN) + 0.001 * g * g;
        const denominator = Math.sqrt(v) + (flavour === "hf" ? epsilon : epsilon * corrected);
        const moved = (-rate * (corrected / (1 - 0.9 ** t)) * m) / denominator;
        const weight = weights[i] ?? Number.NaN;
        [first[i], second[i]] = [m, v];
        weights[i] = flavour === "torch" ? weight * kept + moved : (weight + moved) * kept;
      }
    }
  }
  return { weights, first, second };
}

describe.each([wasm(), cpu()])("on $name", async (engine) => {
  const meshes = await startMeshes(engine);
  afterAll(() => Promise.all([...meshes.values()].map((mesh) => mesh.close())));
  const dense = { tables: false };

  const expectDense = (how: Partial<How>) =>
    fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        const [told, whole] = [await train(meshes, run, { tables: true, ...how }), await train(meshes, run, dense)];
        expect({ ...told, norms: [] }).toEqual({ ...whole, norms: [] });
        // Squares are summed in another order, in float64, and the root is rounded to float32.
        expect(told.norms).toBeCloseToArray(whole.norms as number[], { relative: 2 ** -23 });
      }),
      { numRuns: 25 },
    );

  test("steps that look at a table's touched rows alone are the dense ones, bit for bit, on any cores", () =>
    expectDense({}));

  test("and they are after a resume", () => expectDense({ resumed: true }));

  test("the laws notice the lazy form", () => expectMutantToFail(() => expectDense({ untouched: "lazy" })));

  test("a store of the engine's own tensors gives the same to rounding", () =>
    fc.assert(
      fc.asyncProperty(anyRun, fc.constantFrom("clean", "xla-exact", "xla-clean"), async (run, clipping) => {
        const how = { tables: true, maxGradNorm: 0.5, clipping };
        const [tensors, arrays] = [await train(meshes, run, { ...how, tensors: true }), await train(meshes, run, how)];
        // Norms in float32; six steps of at most 0.1 in another arithmetic.
        expect(tensors.norms).toBeCloseToArray(arrays.norms as number[], { relative: 1e-6 });
        // A mean rounds what a sum of 1/64 does not, and the first step of what is nearly 0 has the sign of its rounding.
        if (clipping === "clean") expect(tensors.weights).toBeCloseToArray(arrays.weights, { tolerance: 4e-6 });
      }),
      { numRuns: 25 },
    ));

  test("the lazy form moves touched rows as AdamW moves them, and no others; a resume changes no bit", () =>
    fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        const lazy = { tables: true, untouched: "lazy" } as const;
        const ours = await train(meshes, run, lazy);
        expect(await train(meshes, run, { ...lazy, resumed: true })).toEqual(ours);
        const reference = lazyReference(run);
        const table = (vector: Float32Array) => vector.subarray(5, 5 + run.vocab * run.hidden);
        // Weights near 2 and steps near 0.1, both moments too, are rounded to float32 for six steps: some 1e-7 of each and step; the quotient
        // of moments passes roundings on.
        expect(table(ours.weights)).toBeCloseToArray(reference.weights, { tolerance: 4e-6 });
        expect(table(ours.first)).toBeCloseToArray(reference.first, { tolerance: 2e-6 });
        expect(table(ours.second)).toBeCloseToArray(reference.second, { tolerance: 2e-6 });
      }),
      { numRuns: 25 },
    ));

  test("n cores = 1 core; the norm of the cores' mean is their number's share of that", () =>
    fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        const how = { tables: true, maxGradNorm: 0.5 };
        const [many, mean] = [
          await train(meshes, run, how),
          await train(meshes, run, { ...how, clipping: "xla-clean" }),
        ];
        const one = await train(meshes, { ...run, cores: 1 }, how);
        // Sums over cores are exact; the norm's are not, and what is clipped by it may round to the next float32, step after step.
        expect(many.weights).toBeCloseToArray(one.weights, { tolerance: 2e-6 });
        const wanted = one.norms.map((norm) => Number(norm) / run.cores);
        expect(mean.norms).toBeCloseToArray(wanted, { relative: 1e-6 });
      }),
      { numRuns: 15 },
    ));

  test("worked by hand: gradients of norm 5 and 10 on two cores, clipped to 1, each by itself or as one", async () => {
    const [run] = fc.sample(anyRun, { numRuns: 1, seed: 7 });
    const mesh = meshes.get(2);
    if (run === undefined || mesh === undefined) throw new Error("there are both");
    const numbers = adamw({ learningRate: () => 1 }).numbers(0);
    const step = async (clipping: StoreOptions["clipping"]) => {
      const memory = newMemory({ ...run, cores: 2 }, { tables: true });
      await mesh.call(
        "open",
        [0, 1].map(() => ({ memory, optimizer: {}, clipping, maxGradNorm: 1 })),
      );
      const gradient = (x: number, y: number) => [["bias", { values: Float32Array.of(x, y, 0, 0, 0) }]];
      const jobs = [gradient(3, 4), gradient(0, 10)].map((gradients) => ({ gradients, numbers }));
      const [norm] = await mesh.call("step", jobs);
      return { norm: Number(norm), clipped: [...(memory.slots["first"] ?? [])].slice(0, 2).map((x) => 10 * x) };
    };
    const sum = Math.hypot(3, 14);
    const cases = {
      clean: [sum, 3 / sum, 14 / sum],
      "xla-clean": [sum / 2, 3 / sum, 14 / sum],
      "xla-exact": [10, 0.3, 0.9],
    };
    for (const [clipping, wanted] of Object.entries(cases)) {
      const { norm, clipped } = await step(clipping as StoreOptions["clipping"]);
      expect([norm, ...clipped], clipping).toBeCloseToArray(wanted, { tolerance: 1e-5 }); // 1e-6 of the norm, and roundings
    }
  });

  test("a gradient that is not finite is reported, and nothing moves", async () => {
    const [run] = fc.sample(anyRun, { numRuns: 1, seed: 7 });
    const mesh = meshes.get(2);
    if (run === undefined || mesh === undefined) throw new Error("there are both");
    const memory = newMemory({ ...run, cores: 2 }, { tables: true });
    memory.slots["first"]?.fill(0.5);
    const before = memory.parameters.slice();
    await mesh.call(
      "open",
      [0, 1].map(() => ({ memory, optimizer: {} })),
    );
    const numbers = adamw({ learningRate: () => 1 }).numbers(0);
    const gradients = [["bias", { values: Float32Array.of(1, 2, Number.NaN, 4, 5) }]];
    expect(
      await mesh.call("step", [
        { gradients, numbers },
        { gradients: [], numbers },
      ]),
    ).toEqual([Number.NaN, Number.NaN]);
    expect(memory.parameters).toEqual(before);
    expect(memory.slots["first"]).toEqual(new Float32Array(before.length).fill(0.5));
  });
});
