import { ShapeError } from "@kindred/errors";
import { type Core, soloCore } from "@kindred/mesh";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ExchangeMemory, exchangeMemory } from "./exchange-memory.ts";
import type { GradientRows } from "./local-gradients.ts";
import { type ParameterExchange, parameterExchange } from "./parameter-exchange.ts";
import { parameterShards } from "./parameter-shards.ts";
import { touchedRows } from "./touched-rows.ts";

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
      inFloat32: fc.boolean(),
      steps: fc.array(fc.array(anyGradient(size.rows), { minLength: size.cores, maxLength: size.cores }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  );
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;
type CoreGradient = Run["steps"][number][number];

const add = (a: Float32Array, b: Float32Array, sum: Float32Array) => sum.set(a.map((x, i) => x + b[i]!));

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
  readonly beforeReduce?: (memory: ExchangeMemory, core: number) => void;
  readonly afterPublish?: (memory: ExchangeMemory, before: ExchangeMemory["gradients"]) => void;
};

/** For each step, what each core's reduceGradients gave for the table, and the runs that it calls touched. */
function exchangeTable(run: Run, fault: Fault = {}) {
  const { cores, rows, rowLength, before } = run;
  const shards = parameterShards({ before, table: rows * rowLength, after: 3 }, cores);
  const memory = exchangeMemory(shards, { rowLengths: { table: rowLength } });
  const exchanges: ParameterExchange[] = Array.from({ length: cores }, (_, index) => {
    const core: Core = { ...soloCore(), index, size: cores };
    return parameterExchange(core, shards, memory, run.inFloat32 ? { add } : {});
  });
  return run.steps.map((gradients) => {
    for (const [core, exchange] of exchanges.entries()) {
      for (const part of gradientOf(run, gradients[core]!).parts) exchange.addGradient("table", part);
      exchange.localGradients();
    }
    const given = memory.gradients.map((gradient) => gradient.slice());
    const results = exchanges.map((exchange, core) => {
      fault.beforeReduce?.(memory, core);
      const table = exchange.reduceGradients()["table"];
      return { sums: table?.slice() ?? new Float32Array(), touched: exchange.touchedElements()["table"] };
    });
    for (const exchange of exchanges) exchange.publishWeights();
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
        for (const [other, marks] of tables!["table"]!.byCore.entries()) if (other !== core) marks.fill(0);
      },
    }),
  ));

test("rows of a parameter that was not announced as a table are added like any gradient", () => {
  const shards = parameterShards({ weight: 4 }, 1);
  const exchange = parameterExchange(soloCore(), shards, exchangeMemory(shards));
  for (let step = 0; step < 2; step++) {
    exchange.addGradient("weight", { rows: Int32Array.of(1, -1, 1), values: Float32Array.of(1, 2, 8, 8, 10, 20) });
    expect(exchange.reduceGradients()["weight"]).toEqual(Float32Array.of(0, 0, 11, 22));
    expect(exchange.touchedElements()).toEqual({});
    exchange.publishWeights();
  }
});

test("rows that are not there, of another length, or of no table are refused", () => {
  const shards = parameterShards({ table: 6 }, 1);
  const exchange = parameterExchange(soloCore(), shards, exchangeMemory(shards, { rowLengths: { table: 2 } }));
  const add = (rows: number[], length: number, name = "table") =>
    exchange.addGradient(name, { rows: Int32Array.from(rows), values: new Float32Array(length) });
  expect(() => add([3], 2)).toThrow(
    'no such rows of "table". Got 2 elements for 1 rows, one of them 3, expected 2 a row',
  );
  expect(() => add([1], 3)).toThrow(ShapeError);
  expect(() => add([1], 2, "tabel")).toThrow(/"tabel"/);
  expect(() => touchedRows(shards, { table: 4 })).toThrow("expected a divisor of its 6 elements");
  expect(() => touchedRows(shards, { tabel: 2 })).toThrow(ShapeError);
  for (const rowLength of [0.5, 0, -2]) expect(() => touchedRows(shards, { table: rowLength })).toThrow(ShapeError);
});
