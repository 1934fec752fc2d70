import * as nn from "@kindred/nn";
import { startBackend, valueAndGradients } from "@kindred/tensor";
import { checkOp, type Numbers, opCases, type OpEngine, type OpLaw } from "@kindred/testing";
import { afterEach, describe, test } from "vitest";
import { relaxedSimdWorks } from "./relaxed-simd-works.ts";
import { startWasmKernels, type WasmKernels } from "./start-wasm-kernels.ts";

const engine = { startBackend, valueAndGradients } as unknown as OpEngine;

const cell = ({ shape, values }: Numbers, row: number, column: number) => values[row * shape[1]! + column]!;
const productOfRows = (a: Numbers, b: Numbers, start: (column: number) => number = () => 0): Float64Array => {
  const [rows, inner, columns] = [a.shape[0]!, a.shape[1]!, b.shape[0]!];
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = start(column);
    for (let k = 0; k < inner; k++) sum += cell(a, row, k) * cell(b, column, k);
    return sum;
  });
};

// biome-ignore lint/suspicious/noExplicitAny: a list holds ops with attributes of many types
const laws: OpLaw<any>[] = [
  {
    op: nn.linearOp,
    cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }),
    wrt: ["x", "weight", "bias"],
    reference: ({ x, weight, bias }) => productOfRows(x!, weight!, (column) => bias?.values[column] ?? 0),
  },
  {
    op: nn.matmulTransposedOp,
    cases: opCases({ a: "rows hidden", b: "columns hidden" }),
    wrt: ["a", "b"],
    reference: ({ a, b }) => productOfRows(a!, b!),
  },
];

let running: WasmKernels | undefined;
afterEach(() => running?.stop());

describe.each(["simd", "relaxed", "wide"] as const)("the %s kernel", (variant) => {
  test.skipIf(variant !== "simd" && !relaxedSimdWorks()).each(laws)(
    "of $op.op.name equals its composite",
    async (law) => {
      running = await startWasmKernels({ variant });
      await checkOp(engine, "wasm", law);
    },
  );
});
