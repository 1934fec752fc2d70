import { type AnyOpLaw, lawOf, opCases } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import * as nn from "../src/index.ts";
import { cell, columns, element, rows, table, total } from "./number-tables.ts";

const linearLaw = lawOf({
  op: nn.linearOp,
  cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }),
  wrt: ["x", "weight", "bias"],
  reference: ({ x, weight, bias }) =>
    table(rows(x), rows(weight), (token, out) => {
      const sum = total(columns(x), (i) => cell(x, token, i) * cell(weight, out, i));
      return sum + (bias ? element(bias, out) : 0);
    }),
});

/** The laws of the products that a linear layer is made of, forward and backward. */
export const productLaws: AnyOpLaw[] = [
  linearLaw,
  {
    // A linear map by a packed weight is the linear map.
    ...linearLaw,
    op: Object.assign(
      ({ weight, ...others }: Parameters<typeof nn.linearOp>[0]) =>
        tf.tidy(() => nn.linearOp({ ...others, weight: nn.packWeightOp({ weight }, {}, {}) }, {}, {})),
      { op: { ...nn.linearOp.op, name: nn.packWeightOp.op.name } },
    ),
    cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }, { sizes: { out: { is: 48 } } }),
    wrt: [],
  },
  lawOf({
    op: nn.matmulTransposedOp,
    cases: opCases({ a: "rows hidden", b: "columns hidden" }),
    wrt: ["a", "b"],
    reference: ({ a, b }) =>
      table(rows(a), rows(b), (row, column) => total(columns(a), (i) => cell(a, row, i) * cell(b, column, i))),
  }),
  lawOf({
    op: nn.matmulOp,
    cases: opCases({ a: "rows inner", b: "inner columns" }),
    wrt: [],
    reference: ({ a, b }) =>
      table(rows(a), columns(b), (row, column) => total(columns(a), (i) => cell(a, row, i) * cell(b, i, column))),
  }),
  lawOf({
    op: nn.transposedMatmulOp,
    cases: opCases({ a: "inner rows", b: "inner columns" }),
    wrt: [],
    reference: ({ a, b }) =>
      table(columns(a), columns(b), (row, column) => total(rows(a), (i) => cell(a, i, row) * cell(b, i, column))),
  }),
  lawOf({
    op: nn.columnSumsOp,
    cases: opCases({ x: "rows columns" }),
    wrt: [],
    reference: ({ x }) =>
      Float64Array.from({ length: columns(x) }, (_, column) => total(rows(x), (row) => cell(x, row, column))),
  }),
];
