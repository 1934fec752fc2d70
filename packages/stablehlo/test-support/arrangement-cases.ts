import { at, type OpCase, plain } from "./op-case.ts";

const x = plain([2, 3], (i, j) => 10 * i + j - 4.5);
const cube = plain([2, 3, 4], (i, j, k) => 100 * i + 10 * j + k, "i32");
const start = (value: number) => plain([], () => value, "i32");
const table = plain([5, 3], (i, j) => 10 * i + j);
const ids = plain([2, 2], (i, j) => [3, 0, 7, 3][2 * i + j] ?? 0, "i32");

/** Where elements go. Numbers are moved, never computed with: results are exact. */
export const arrangementCases: readonly OpCase[] = [
  {
    name: "constant, repeated",
    inputs: [],
    build: (graph) => graph.constant(-0, "f32", [2]),
    line: "stablehlo.broadcast_in_dim $0, dims = [] : (tensor<f32>) -> tensor<2xf32>",
    expected: plain([2], () => -0),
  },
  {
    name: "constant of bf16",
    inputs: [],
    build: (graph) => graph.constant(1 / 3, "bf16"),
    line: "stablehlo.constant dense<3.339843750e-1> : tensor<bf16>",
    expected: plain([], () => 0.333984375, "bf16"),
  },
  {
    name: "constant, the lowest bf16",
    inputs: [],
    build: (graph) => graph.constant(-Infinity, "bf16"),
    line: "stablehlo.constant dense<0xFF80> : tensor<bf16>",
    expected: plain([], () => -Infinity, "bf16"),
  },
  {
    name: "values of f32",
    inputs: [],
    build: (graph) => graph.values([Number.NaN, Infinity, -Infinity, -0, 0.1, 2 ** -149, 3.4028234663852886e38], [7]),
    line: "stablehlo.constant dense<[0x7FC00000, 0x7F800000, 0xFF800000, -0.000000000e+0, 1.000000015e-1, 1.401298464e-45, 3.402823466e+38]> : tensor<7xf32>",
    expected: plain([7], (i) => [Number.NaN, Infinity, -Infinity, -0, 0.1, 2 ** -149, 3.4028234663852886e38][i] ?? 0),
  },
  {
    name: "values of i1",
    inputs: [],
    build: (graph) => graph.values([1, 0, 1], [3], "i1"),
    line: "stablehlo.constant dense<[true, false, true]> : tensor<3xi1>",
    expected: plain([3], (i) => 1 - (i % 2), "i1"),
  },
  {
    name: "values of ui32",
    inputs: [],
    build: (graph) => graph.values([2 ** 32 - 1, 0], [2], "ui32"),
    line: "stablehlo.constant dense<[4294967295, 0]> : tensor<2xui32>",
    expected: plain([2], (i) => (i === 0 ? 2 ** 32 - 1 : 0), "ui32"),
  },
  {
    name: "iota",
    inputs: [],
    build: (graph) => graph.iota([2, 3], 1),
    line: "stablehlo.iota dim = 1 : tensor<2x3xi32>",
    expected: plain([2, 3], (_, j) => j, "i32"),
  },
  {
    name: "reshape",
    inputs: [x],
    build: (graph, value) => graph.reshape(value, [3, 1, 2]),
    line: "stablehlo.reshape $0 : (tensor<2x3xf32>) -> tensor<3x1x2xf32>",
    expected: plain([3, 1, 2], (i, _, k) => x.values[2 * i + k] ?? 0),
  },
  {
    name: "broadcastTo, an axis of 1 in the middle",
    inputs: [plain([2, 1, 2], (i, _, k) => 2 * i + k)],
    build: (graph, value) => graph.broadcastTo(value, [3, 2, 4, 2]),
    line: "stablehlo.broadcast_in_dim $0, dims = [1, 3] : (tensor<2x2xf32>) -> tensor<3x2x4x2xf32>",
    expected: plain([3, 2, 4, 2], (_, i, __, k) => 2 * i + k),
  },
  {
    name: "transpose",
    inputs: [cube],
    build: (graph, value) => graph.transpose(value, [2, 0, 1]),
    line: "stablehlo.transpose $0, dims = [2, 0, 1] : (tensor<2x3x4xi32>) -> tensor<4x2x3xi32>",
    expected: plain([4, 2, 3], (i, j, k) => at(cube, j, k, i), "i32"),
  },
  {
    name: "slice",
    inputs: [cube],
    build: (graph, value) => graph.slice(value, [1, 0, 1], [1, 2, 2], [1, 2, 2]),
    line: "stablehlo.slice $0 [1:2, 0:3:2, 1:4:2] : (tensor<2x3x4xi32>) -> tensor<1x2x2xi32>",
    expected: plain([1, 2, 2], (i, j, k) => at(cube, 1 + i, 2 * j, 1 + 2 * k), "i32"),
  },
  {
    name: "dynamicSlice, a start that is moved back inside",
    inputs: [table, start(4), start(1)],
    build: (graph, value, i, j) => graph.dynamicSlice(value, [i, j], [2, 2]),
    line: "stablehlo.dynamic_slice $0, $1, $2, sizes = [2, 2] : (tensor<5x3xf32>, tensor<i32>, tensor<i32>) -> tensor<2x2xf32>",
    expected: plain([2, 2], (i, j) => at(table, 3 + i, 1 + j)),
  },
  {
    name: "dynamicUpdateSlice",
    inputs: [table, x, start(1), start(-2)],
    build: (graph, value, update, i, j) => graph.dynamicUpdateSlice(value, update, [i, j]),
    line: "stablehlo.dynamic_update_slice $0, $1, $2, $3 : (tensor<5x3xf32>, tensor<2x3xf32>, tensor<i32>, tensor<i32>) -> tensor<5x3xf32>",
    expected: plain([5, 3], (i, j) => (i === 1 || i === 2 ? at(x, i - 1, j) : at(table, i, j))),
  },
  {
    name: "pad",
    inputs: [x],
    build: (graph, value) => graph.pad(value, [1, 0], [0, 2], 7),
    line: "stablehlo.pad $0, $1, low = [1, 0], high = [0, 2], interior = [0, 0] : (tensor<2x3xf32>, tensor<f32>) -> tensor<3x5xf32>",
    expected: plain([3, 5], (i, j) => (i === 0 || j > 2 ? 7 : at(x, i - 1, j))),
  },
  {
    name: "concatenate",
    inputs: [x, plain([2, 1], (i) => i)],
    build: (graph, a, b) => graph.concatenate([a, b, a], 1),
    line: "stablehlo.concatenate $0, $1, $0, dim = 1 : (tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x7xf32>",
    expected: plain([2, 7], (i, j) => (j === 3 ? i : at(x, i, j < 3 ? j : j - 4))),
  },
  {
    name: "reverse",
    inputs: [cube],
    build: (graph, value) => graph.reverse(value, [0, 2]),
    line: "stablehlo.reverse $0, dims = [0, 2] : tensor<2x3x4xi32>",
    expected: plain([2, 3, 4], (i, j, k) => at(cube, 1 - i, j, 3 - k), "i32"),
  },
  {
    name: "gatherRows, an id that is moved to the last row",
    inputs: [table, ids],
    build: (graph, value, of) => graph.gatherRows(value, of),
    line: '"stablehlo.gather"($0, $1) <{dimension_numbers = #stablehlo.gather<offset_dims = [2], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 2>, indices_are_sorted = false, slice_sizes = array<i64: 1, 3>}> : (tensor<5x3xf32>, tensor<2x2xi32>) -> tensor<2x2x3xf32>',
    expected: plain([2, 2, 3], (i, j, k) => at(table, Math.min(at(ids, i, j), 4), k)),
  },
  {
    name: "gatherRows of a vector",
    inputs: [plain([4], (i) => i / 2), plain([3], (i) => 3 - i, "i32")],
    build: (graph, value, of) => graph.gatherRows(value, of),
    line: '"stablehlo.gather"($0, $1) <{dimension_numbers = #stablehlo.gather<offset_dims = [], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1>}> : (tensor<4xf32>, tensor<3xi32>) -> tensor<3xf32>',
    expected: plain([3], (i) => (3 - i) / 2),
  },
  {
    name: "scatterAddRows, an id twice and one outside",
    inputs: [table, plain([4], (i) => [3, -1, 0, 3][i] ?? 0, "i32"), plain([4, 3], (i, j) => 2 ** i + j)],
    build: (graph, value, of, updates) => graph.scatterAddRows(value, of, updates),
    line: `"stablehlo.scatter"($0, $1, $2) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
    ^bb0(%l: tensor<f32>, %r: tensor<f32>):
      %s = stablehlo.add %l, %r : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<5x3xf32>, tensor<4x1xi32>, tensor<4x3xf32>) -> tensor<5x3xf32>`,
    expected: plain([5, 3], (i, j) => at(table, i, j) + (i === 3 ? 9 + 2 * j : i === 0 ? 4 + j : 0)),
  },
];
