import * as nn from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { logSumExp } from "./softmax.ts";

/** What losses are written in: element by element, row by row, and parts of matrices. */
export function implementArithmetic(): void {
  implementRule(nn.addOp, (graph, { x, y }) => graph.binary("add", x, y));
  implementRule(nn.subtractOp, (graph, { x, y }) => graph.binary("subtract", x, y));
  implementRule(nn.multiplyOp, (graph, { x, y }) => graph.binary("multiply", x, y));
  implementRule(nn.divideOp, (graph, { x, y }) => graph.binary("divide", x, y));
  implementRule(nn.scaleOp, (graph, { x }, _, { factor }) => graph.binary("multiply", x, factor));
  implementRule(nn.shiftOp, (graph, { x }, _, { by }) => graph.binary("add", x, by));
  implementRule(nn.expOp, (graph, { x }) => graph.unary("exponential", x));
  implementRule(nn.logOp, (graph, { x }) => graph.unary("log", x));
  implementRule(nn.reluOp, (graph, { x }) => graph.binary("maximum", x, 0));
  implementRule(nn.absoluteOp, (graph, { x }) => graph.unary("abs", x));
  implementRule(nn.selectOp, (graph, { x, y }, { mask }) => graph.select(graph.reshape(mask, x.shape), x, y));
  implementRule(nn.rowDotOp, (graph, { x, y }) => graph.reduce("add", graph.binary("multiply", x, y), [1]));
  implementRule(nn.logSumExpOp, (graph, { x }) => logSumExp(graph, x));
  implementRule(nn.transposeOp, (graph, { x }) => graph.transpose(x, [1, 0]));
  implementRule(nn.sumOp, (graph, { x }) => sum(graph, x));
  implementRule(nn.sumOfSquaresOp, (graph, { x }) => sum(graph, graph.binary("multiply", x, x)));
  implementRule(nn.concatRowsOp, (graph, parts) => graph.concatenate(inOrder(parts), 0));
  implementRule(nn.concatFeaturesOp, (graph, parts) => graph.concatenate(inOrder(parts), 1));
  // Where a run starts differs from device to device: an operand, not another program.
  implementRule(
    nn.sliceRowsOp,
    (graph, { x }, { start }, { count }) =>
      graph.dynamicSlice(x, [start, graph.constant(0, "i32")], [count, x.shape[1] ?? 0]),
    { operands: ["start"] },
  );
  implementRule(
    nn.sliceFeaturesOp,
    (graph, { x }, { start }, { count }) =>
      graph.dynamicSlice(x, [graph.constant(0, "i32"), start], [x.shape[0] ?? 0, count]),
    { operands: ["start"] },
  );
}

function sum(graph: Graph, x: Value): Value {
  return graph.reduce("add", x, [...x.shape.keys()]);
}

/** The inputs "0", "1", …: JavaScript keeps names that are numbers in their order. */
function inOrder(parts: { readonly [index: string]: Value }): Value[] {
  return Object.values(parts);
}
