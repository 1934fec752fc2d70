import { l2NormalizeGradientOp, l2NormalizeOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { column } from "./row-places.ts";

/** Rows of length 1. */
export function implementL2Normalize(): void {
  implementRule(l2NormalizeOp, (graph, { x }, _, { epsilon }) =>
    graph.binary("multiply", x, inverseNorms(graph, sumsOfSquares(graph, x), epsilon)),
  );
  implementRule(l2NormalizeGradientOp, (graph, { dy, x }, _, { epsilon }) => {
    const squares = sumsOfSquares(graph, x);
    const inverse = inverseNorms(graph, squares, epsilon);
    const y = graph.binary("multiply", x, inverse);
    const along = column(graph, graph.reduce("add", graph.binary("multiply", y, dy), [1]));
    // Below epsilon the divisor is a constant.
    const gated = graph.select(graph.compare("GE", squares, epsilon ** 2), along, 0);
    return graph.binary("multiply", graph.binary("subtract", dy, graph.binary("multiply", y, gated)), inverse);
  });
}

/** Of each row, in a column. */
function sumsOfSquares(graph: Graph, x: Value): Value {
  return column(graph, graph.reduce("add", graph.binary("multiply", x, x), [1]));
}

function inverseNorms(graph: Graph, squares: Value, epsilon: number): Value {
  return graph.unary("rsqrt", graph.binary("maximum", squares, epsilon ** 2));
}
