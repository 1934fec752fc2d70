import { ShapeError } from "@kindred/errors";
import { type Core, soloCore } from "@kindred/mesh";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { scriptKernels } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import type { GradientRows } from "./gradient-vector.ts";
import { type ParameterExchange, parameterExchange } from "./parameter-exchange.ts";
import { type StoreMemory, storeMemory } from "./store-memory.ts";

/** All gradients here are arrays. */
const noTensors = () => {};

// Cores take turns in one thread: each does its part of a stage, then the next, so that a barrier has nothing to wait for.

const anyGradient = (rows: number) =>
  fc.record({
    rows: fc.array(fc.integer({ min: -1, max: rows - 1 }), { maxLength: 6 }),
    seed: fc.nat(999),
    /** A core may also have a dense part for the table, as where it is tied to the output, or none at all. */
    dense: fc.constantFrom(false, false, false, true),
  });

const anyRun = fc
  .record({ cores: fc.integer({ min: 1, max: 3 }), rows: fc.integer({ min: 1, max: 9 }) })
  .chain((size) =>
    fc.record({
      cores: fc.constant(size.cores),
      rows: fc.constant(size.rows),
      rowLength: fc.integer({ min: 1, max: 5 }), // shards cut the table in the middle of a row
      before: fc.nat(4),
      steps: fc.array(fc.array(anyGradient(size.rows), { minLength: size.cores, maxLength: size.cores }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  );
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;
type CoreGradient = Run["steps"][number][number];

const sizesOf = (sizes: { readonly [name: string]: readonly number[] }): ParameterSpec[] =>
  Object.entries(sizes).map(([name, shape]) => ({ name, shape, kind: name === "table" ? "table" : "matrix" }));

/** The gradient that a core hands over, in parts, and its sum, whole. */
function gradientOf({ rows, rowLength }: Run, { rows: touched, seed, dense }: CoreGradient) {
  const values = floatsFromSeed(seed, touched.length * rowLength);
  const byRows: GradientRows = { rows: Int32Array.from(touched), values };
  const whole = new Float32Array(rows * rowLength);
  for (const [i, row] of touched.entries())
    for (let j = 0; j < rowLength && row >= 0; j++) whole[row * rowLength + j]! += values[i * rowLength + j]!;
  const more = dense ? floatsFromSeed(seed + 1, whole.length) : undefined;
  for (const [i, x] of more?.entries() ?? []) whole[i]! += x;
  return { parts: [...(touched.length > 0 ? [byRows] : []), ...(more ? [more] : [])], whole };
}

/** A fault between stages, which the law must notice. */
type Fault = {
  readonly beforeReduce?: (memory: StoreMemory, core: number) => void;
  readonly afterPublish?: (memory: StoreMemory, before: StoreMemory["gradients"]) => void;
};

/** For each step, what each core's reduce gave for the table, and the runs that it calls touched. */
function exchangeTable(run: Run, fault: Fault = {}) {
  const { cores, rows, rowLength, before } = run;
  const specs = sizesOf({ before: [before], table: [rows, rowLength], after: [3] });
  const memory = storeMemory(specs, { cores, slots: [] });
  const exchanges: ParameterExchange[] = Array.from({ length: cores }, (_, index) => {
    const core: Core = { ...soloCore(), index, size: cores };
    return parameterExchange(core, memory, { add: scriptKernels.add, read: noTensors });
  });
  return run.steps.map((gradients) => {
    for (const [core, exchange] of exchanges.entries()) {
      for (const part of gradientOf(run, gradients[core]!).parts) exchange.add("table", part);
      exchange.localGradients();
    }
    const given = memory.gradients.map((gradient) => gradient.slice());
    const results = exchanges.map((exchange, core) => {
      fault.beforeReduce?.(memory, core);
      const table = exchange.reduce().find(({ name }) => name === "table");
      return { sums: table?.gradient.slice() ?? new Float32Array(), touched: table?.touched };
    });
    for (const exchange of exchanges) exchange.publish();
    fault.afterPublish?.(memory, given);
    return results;
  });
}

function expectDense(run: Run, fault?: Fault): void {
  const steps = exchangeTable(run, fault);
  for (const [step, gradients] of run.steps.entries()) {
    const wholes = gradients.map((gradient) => gradientOf(run, gradient).whole);
    const sums = wholes[0]!.map((first, i) => wholes.slice(1).reduce((sum, whole) => sum + whole[i]!, first));
    expect(Float32Array.from(steps[step]!.flatMap(({ sums }) => [...sums]))).toEqual(sums);
    for (const { sums, touched = [] } of steps[step]!) {
      // In order, apart from each other, and around all that is not zero.
      const edges = [...touched];
      expect(edges).toEqual([...new Set(edges)].sort((a, b) => a - b));
      const inside = (i: number) => edges.filter((edge) => edge <= i).length % 2 === 1;
      expect([...sums].every((sum, i) => sum === 0 || inside(i))).toBe(true);
      if (!gradients.some(({ dense }) => dense)) {
        const most = new Set(gradients.flatMap(({ rows }) => rows)).size * run.rowLength;
        expect([...sums].filter((_, i) => inside(i)).length).toBeLessThanOrEqual(most);
      }
    }
  }
}

const law = (fault?: Fault) => () => fc.assert(fc.property(anyRun, (run) => expectDense(run, fault)));

test(
  "a table's sums are the dense ones, bit for bit, on any cores and step after step, and rows that nobody touched are left out",
  law(),
);

test("the law notices rows of the step before that were not cleared", () =>
  expectMutantToFail(
    law({
      afterPublish: ({ gradients }, before) => {
        for (const [core, gradient] of gradients.entries()) gradient.set(before[core]!);
      },
    }),
  ));

test("the law notices a row left out because only another core has touched it", () =>
  expectMutantToFail(
    law({
      beforeReduce: ({ tables }, core) => {
        for (const [other, marks] of tables["table"]!.byCore.entries()) if (other !== core) marks.fill(0);
      },
    }),
  ));

const oneCore = (specs: readonly ParameterSpec[]) =>
  parameterExchange(soloCore(), storeMemory(specs, { cores: 1, slots: [] }), {
    add: scriptKernels.add,
    read: noTensors,
  });

test("rows of a parameter that is no table are added like any gradient", () => {
  const exchange = oneCore([{ name: "weight", shape: [2, 2], kind: "matrix" }]);
  for (let step = 0; step < 2; step++) {
    exchange.add("weight", { rows: Int32Array.of(1, -1, 1), values: Float32Array.of(1, 2, 8, 8, 10, 20) });
    const [weight] = exchange.reduce();
    expect(weight?.gradient).toEqual(Float32Array.of(0, 0, 11, 22));
    expect(weight?.touched).toBeUndefined();
    exchange.publish();
  }
});

test("a table's row without gradient stays without, by rows and whole", () => {
  const exchange = oneCore([{ name: "table", shape: [3, 1], kind: "table", rowWithoutGradient: 1 }]);
  exchange.add("table", { rows: Int32Array.of(1, 2), values: Float32Array.of(5, 6) });
  expect([...(exchange.reduce()[0]?.gradient ?? [])]).toEqual([0, 0, 6]);
  exchange.publish();
  exchange.add("table", Float32Array.of(1, 2, 3));
  expect([...(exchange.reduce()[0]?.gradient ?? [])]).toEqual([1, 0, 3]);
});

test("rows that are not there, of another length, or of no table are refused", () => {
  const exchange = oneCore([{ name: "table", shape: [3, 2], kind: "table" }]);
  const add = (rows: number[], length: number, name = "table") =>
    exchange.add(name, { rows: Int32Array.from(rows), values: new Float32Array(length) });
  expect(() => add([3], 2)).toThrow(
    'no such rows of "table". Got 2 elements for 1 rows, one of them 3, expected 2 a row',
  );
  expect(() => add([1], 3)).toThrow(ShapeError);
  expect(() => add([1], 2, "tabel")).toThrow(/"tabel"/);
});
