import { type OpCase, plain } from "./op-case.ts";

const x = plain([2, 3], (i, j) => i - j);
const layout = "[dense<[1, 0]> : tensor<2xindex>]";

/** What holds a program together: functions, walls, layouts. */
export const structureCases: readonly OpCase[] = [
  {
    name: "call",
    inputs: [x],
    build: (graph, value) => {
      const [sum, once] = graph.call("twice", [value, value], (body, a, b) => [body.binary("add", a, b), a]);
      return graph.binary("subtract", sum, once);
    },
    line: "stablehlo.subtract $0, $1 : tensor<2x3xf32>",
    expected: x,
  },
  {
    name: "barrier",
    inputs: [x],
    build: (graph, value) => {
      const [first, second] = graph.barrier([value, graph.unary("negate", value)]);
      return graph.binary("subtract", first, second);
    },
    line: "stablehlo.subtract $0, $1 : tensor<2x3xf32>",
    expected: plain([2, 3], (i, j) => 2 * (i - j)),
  },
  {
    name: "rowMajor",
    inputs: [x],
    build: (graph, value) => graph.rowMajor(graph.transpose(value, [1, 0])),
    line: `stablehlo.custom_call @LayoutConstraint($0) {operand_layouts = ${layout}, result_layouts = ${layout}} : (tensor<3x2xf32>) -> tensor<3x2xf32>`,
    expected: plain([3, 2], (i, j) => j - i),
  },
  {
    name: "replicaId",
    inputs: [],
    build: (graph) => graph.replicaId(),
    line: "stablehlo.replica_id : tensor<ui32>",
    expected: plain([], () => 0, "ui32"),
  },
];
