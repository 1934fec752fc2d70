import { opCases, type OpLaw } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import * as nn from "../src/index.ts";
import { cell, columns, table, total } from "./number-tables.ts";

// biome-ignore lint/suspicious/noExplicitAny: as in the list
const linearLaw: OpLaw<any, any> = {
  op: nn.linearOp,
  cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }),
  wrt: ["x", "weight", "bias"],
  reference: ({ x, weight, bias }) =>
    table(x!.shape[0]!, weight!.shape[0]!, (token, out) => {
      return total(columns(x!), (i) => cell(x!, token, i) * cell(weight!, out, i)) + (bias?.values[out] ?? 0);
    }),
};

/** The laws of the products that a linear layer is made of, forward and backward. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds ops with data and constants of many types
export const productLaws: OpLaw<any, any>[] = [
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
  {
    op: nn.matmulTransposedOp,
    cases: opCases({ a: "rows hidden", b: "columns hidden" }),
    wrt: ["a", "b"],
    reference: ({ a, b }) =>
      table(a!.shape[0]!, b!.shape[0]!, (row, column) =>
        total(columns(a!), (i) => cell(a!, row, i) * cell(b!, column, i)),
      ),
  },
  {
    op: nn.matmulOp,
    cases: opCases({ a: "rows inner", b: "inner columns" }),
    wrt: [],
    reference: ({ a, b }) =>
      table(a!.shape[0]!, columns(b!), (row, column) =>
        total(columns(a!), (i) => cell(a!, row, i) * cell(b!, i, column)),
      ),
  },
  {
    op: nn.transposedMatmulOp,
    cases: opCases({ a: "inner rows", b: "inner columns" }),
    wrt: [],
    reference: ({ a, b }) =>
      table(columns(a!), columns(b!), (row, column) =>
        total(a!.shape[0]!, (i) => cell(a!, i, row) * cell(b!, i, column)),
      ),
  },
  {
    op: nn.columnSumsOp,
    cases: opCases({ x: "rows columns" }),
    wrt: [],
    reference: ({ x }) =>
      Float64Array.from({ length: columns(x!) }, (_, i) => total(x!.shape[0]!, (row) => cell(x!, row, i))),
  },
];
