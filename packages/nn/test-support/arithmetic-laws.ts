import { type AnyOpLaw, floatsFromSeed, lawOf, opCases } from "@kindred/testing";
import fc from "fast-check";
import * as nn from "../src/index.ts";
import { cell, columns, element, rows, table, total } from "./number-tables.ts";

type Values = (seed: number, count: number) => Float32Array;
const positive: Values = (seed, count) => floatsFromSeed(seed, count).map((x) => Math.abs(x) + 0.25);
const awayFromZero: Values = (seed, count) => floatsFromSeed(seed, count).map((x) => x + Math.sign(x || 1) * 0.25);
const pair = (values: { readonly y?: Values } = {}) => opCases({ x: "rows hidden", y: "rows hidden" }, { values });
const constant = <Fixed extends object>(named: (value: number) => Fixed) =>
  opCases(
    { x: "rows hidden" },
    { given: () => fc.constantFrom(20, -0.5, 1).map((value) => ({ fixed: named(value) })) },
  );
const run = (axis: "rows" | "hidden") =>
  opCases(
    { x: "rows hidden" },
    {
      given: ({ [axis]: size }) =>
        fc
          .nat(size - 1)
          .chain((start) =>
            fc.integer({ min: 1, max: size - start }).map((count) => ({ fixed: { start, count, size } })),
          ),
    },
  );

/** The laws of the arithmetic that losses are written in. */
export const arithmeticLaws: AnyOpLaw[] = [
  lawOf({
    op: nn.addOp,
    cases: pair(),
    wrt: ["x", "y"],
    reference: ({ x, y }) => x.values.map((value, i) => value + element(y, i)),
  }),
  lawOf({
    op: nn.subtractOp,
    cases: pair(),
    wrt: ["x", "y"],
    reference: ({ x, y }) => x.values.map((value, i) => value - element(y, i)),
  }),
  lawOf({
    op: nn.multiplyOp,
    cases: pair(),
    wrt: ["x", "y"],
    reference: ({ x, y }) => x.values.map((value, i) => value * element(y, i)),
  }),
  lawOf({
    op: nn.divideOp,
    cases: pair({ y: awayFromZero }),
    wrt: ["x", "y"],
    reference: ({ x, y }) => x.values.map((value, i) => value / element(y, i)),
  }),
  lawOf({
    op: nn.scaleOp,
    cases: constant((factor) => ({ factor })),
    wrt: ["x"],
    reference: ({ x }, _, { factor }) => x.values.map((value) => value * factor),
  }),
  lawOf({
    op: nn.shiftOp,
    cases: constant((by) => ({ by })),
    wrt: ["x"],
    reference: ({ x }, _, { by }) => x.values.map((value) => value + by),
  }),
  lawOf({
    op: nn.expOp,
    cases: opCases({ x: "rows hidden" }),
    wrt: ["x"],
    reference: ({ x }) => x.values.map(Math.exp),
  }),
  lawOf({
    op: nn.logOp,
    cases: opCases({ x: "rows hidden" }, { values: { x: positive } }),
    wrt: ["x"],
    reference: ({ x }) => x.values.map(Math.log),
  }),
  lawOf({
    op: nn.reluOp,
    cases: opCases({ x: "rows hidden" }, { values: { x: awayFromZero } }),
    wrt: ["x"],
    reference: ({ x }) => x.values.map((value) => Math.max(value, 0)),
  }),
  lawOf({
    op: nn.absoluteOp,
    cases: opCases({ x: "rows hidden" }, { values: { x: awayFromZero } }),
    wrt: ["x"],
    reference: ({ x }) => x.values.map(Math.abs),
  }),
  lawOf({
    op: nn.rowDotOp,
    cases: pair(),
    wrt: ["x", "y"],
    reference: ({ x, y }) =>
      Float64Array.from({ length: rows(x) }, (_, row) => total(columns(x), (i) => cell(x, row, i) * cell(y, row, i))),
  }),
  lawOf({
    op: nn.logSumExpOp,
    // Far apart, so that a sum without its largest element taken out would overflow or vanish.
    cases: opCases(
      { x: "rows hidden" },
      { values: { x: (seed, count) => floatsFromSeed(seed, count).map((x) => 60 * x) } },
    ),
    wrt: ["x"],
    reference: ({ x }) =>
      Float64Array.from({ length: rows(x) }, (_, row) => {
        const most = Math.max(...Array.from({ length: columns(x) }, (_, i) => cell(x, row, i)));
        return most + Math.log(total(columns(x), (i) => Math.exp(cell(x, row, i) - most)));
      }),
  }),
  lawOf({
    op: nn.transposeOp,
    cases: opCases({ x: "rows columns" }),
    wrt: ["x"],
    reference: ({ x }) => table(columns(x), rows(x), (row, column) => cell(x, column, row)),
  }),
  lawOf({
    op: nn.sliceRowsOp,
    cases: run("rows"),
    wrt: ["x"],
    reference: ({ x }, _, { start, count }) => table(count, columns(x), (row, column) => cell(x, start + row, column)),
  }),
  lawOf({
    op: nn.sliceFeaturesOp,
    cases: run("hidden"),
    wrt: ["x"],
    reference: ({ x }, _, { start, count }) => table(rows(x), count, (row, column) => cell(x, row, start + column)),
  }),
  lawOf({
    op: nn.selectOp,
    cases: opCases(
      { x: "rows hidden", y: "rows hidden" },
      {
        given: ({ rows, hidden }) =>
          fc.nat(0xffff).map((seed) => ({
            data: { mask: Uint8Array.from(floatsFromSeed(seed, rows * hidden), (x) => (x > 0 ? 1 : 0)) },
          })),
      },
    ),
    wrt: ["x", "y"],
    reference: ({ x, y }, { mask }) => x.values.map((value, i) => (mask[i] === 1 ? value : element(y, i))),
  }),
];
