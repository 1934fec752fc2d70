import type { ElementType, Reduction } from "../src/index.ts";
import { at, type OpCase, type Plain, plain, sum } from "./op-case.ts";

// Whole numbers and quarters: every product and sum below is exact in float32, and the factors in bfloat16 too.
const x = plain([2, 3], (i, j) => i - j / 4);
const weight = plain([4, 3], (i, j) => (i * j) / 2 - 1);
const [q, k] = [
  plain([2, 4, 3, 2], (b, i, h, d) => b + i - h * d),
  plain([2, 5, 3, 2], (b, i, h, d) => b * i - h + d / 2),
];

const linear = plain([2, 4], (i, o) => sum(3, (j) => at(x, i, j) * at(weight, o, j)));

/** Products and reductions. */
export const productCases: readonly OpCase[] = [
  {
    name: "dot, a linear map by rows",
    inputs: [x, weight],
    build: (graph, a, b) => graph.dot(a, b, { contract: [[1], [1]] }),
    line: "stablehlo.dot_general $0, $1, contracting_dims = [1] x [1], precision = [HIGHEST, HIGHEST] : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>",
    expected: linear,
  },
  {
    name: "dot, columns with columns",
    inputs: [x, plain([2, 2], (i, j) => i + j)],
    build: (graph, a, b) => graph.dot(a, b, { contract: [[0], [0]] }),
    line: "stablehlo.dot_general $0, $1, contracting_dims = [0] x [0], precision = [HIGHEST, HIGHEST] : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>",
    expected: plain([3, 2], (i, o) => sum(2, (r) => at(x, r, i) * (r + o))),
  },
  {
    name: "dot, heads of attention",
    inputs: [q, k],
    build: (graph, a, b) =>
      graph.dot(a, b, {
        contract: [[3], [3]],
        batch: [
          [0, 2],
          [0, 2],
        ],
      }),
    line: "stablehlo.dot_general $0, $1, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3], precision = [HIGHEST, HIGHEST] : (tensor<2x4x3x2xf32>, tensor<2x5x3x2xf32>) -> tensor<2x3x4x5xf32>",
    expected: plain([2, 3, 4, 5], (b, h, i, j) => sum(2, (d) => at(q, b, i, h, d) * at(k, b, j, h, d))),
  },
  {
    name: "dot of bf16, summed in f32",
    inputs: [
      { ...x, type: "bf16" },
      { ...weight, type: "bf16" },
    ],
    build: (graph, a, b) => graph.dot(a, b, { contract: [[1], [1]] }),
    line: "stablehlo.dot_general $0, $1, contracting_dims = [1] x [1] : (tensor<2x3xbf16>, tensor<4x3xbf16>) -> tensor<2x4xf32>",
    expected: linear,
  },
  {
    name: "dot of bf16 to bf16",
    inputs: [
      { ...x, type: "bf16" },
      { ...weight, type: "bf16" },
    ],
    build: (graph, a, b) => graph.dot(a, b, { contract: [[1], [1]], type: "bf16" }),
    line: "stablehlo.dot_general $0, $1, contracting_dims = [1] x [1] : (tensor<2x3xbf16>, tensor<4x3xbf16>) -> tensor<2x4xbf16>",
    expected: { ...linear, type: "bf16" },
  },
  {
    name: "dot of i32",
    inputs: [plain([2, 2], (i, j) => i - 2 * j, "i32"), plain([2], (i) => 3 + i, "i32")],
    build: (graph, a, b) => graph.dot(a, b, { contract: [[1], [0]] }),
    line: "stablehlo.dot_general $0, $1, contracting_dims = [1] x [0] : (tensor<2x2xi32>, tensor<2xi32>) -> tensor<2xi32>",
    expected: plain([2], (i) => i * 3 + (i - 2) * 4, "i32"),
  },
  reduced("add", "f32", (row) => row.reduce((a, b) => a + b)),
  reduced("multiply", "f32", (row) => row.reduce((a, b) => a * b)),
  reduced("maximum", "f32", (row) => Math.max(...row)),
  reduced("minimum", "f32", (row) => Math.min(...row)),
  reduced("add", "i32", (row) => row.reduce((a, b) => a + b)),
  reduced("maximum", "i32", (row) => Math.max(...row)),
  reduced("minimum", "i32", (row) => Math.min(...row)),
  reduced("multiply", "i32", (row) => row.reduce((a, b) => a * b)),
  reduced("add", "ui32", (row) => row.reduce((a, b) => a + b)),
  reduced("multiply", "ui32", (row) => row.reduce((a, b) => a * b)),
  reduced("maximum", "ui32", (row) => Math.max(...row)),
  reduced("minimum", "ui32", (row) => Math.min(...row)),
  reduced("add", "bf16", (row) => row.reduce((a, b) => a + b)),
  reduced("maximum", "bf16", (row) => Math.max(...row)),
  reduced("minimum", "bf16", (row) => Math.min(...row)),
  reduced("maximum", "i1", (row) => Math.max(...row)),
  reduced("minimum", "i1", (row) => Math.min(...row)),
  reduced("and", "i1", (row) => Math.min(...row)),
  reduced("or", "i1", (row) => Math.max(...row)),
  reduced("and", "i32", (row) => row.reduce((a, b) => a & b)),
  reduced("or", "i32", (row) => row.reduce((a, b) => a | b)),
  reduced("and", "ui32", (row) => row.reduce((a, b) => (a & b) >>> 0)),
  reduced("or", "ui32", (row) => row.reduce((a, b) => (a | b) >>> 0)),
  {
    name: "reduce over nothing",
    inputs: [plain([2, 0], () => 0)],
    build: (graph, a) => graph.reduce("maximum", a, [1]),
    line: "stablehlo.reduce($0 init: $1) applies stablehlo.maximum across dimensions = [1] : (tensor<2x0xf32>, tensor<f32>) -> tensor<2xf32>",
    expected: plain([2], () => -Infinity),
  },
];

/** A reduction over the first and the last axis of three. */
function reduced(kind: Reduction, type: ElementType, of: (row: readonly number[]) => number): OpCase {
  const value = { f32: 1, bf16: 1, i32: -1, ui32: 1, i1: 0 }[type];
  const from: Plain = plain(
    [2, 3, 2],
    (i, j, k) => (type === "i1" ? Number(i + j * k > 1) : value * (i + 2 * j + k) + (type === "ui32" ? 0 : 1)),
    type,
  );
  return {
    name: `reduce ${kind} of ${type}`,
    inputs: [from],
    build: (graph, x) => graph.reduce(kind, x, [0, 2]),
    line: `stablehlo.reduce($0 init: $1) applies stablehlo.${kind} across dimensions = [0, 2] : (tensor<2x3x2x${type}>, tensor<${type}>) -> tensor<3x${type}>`,
    expected: plain([3], (j) => of([at(from, 0, j, 0), at(from, 0, j, 1), at(from, 1, j, 0), at(from, 1, j, 1)]), type),
  };
}
