import type { Graph, Value } from "@kindred/stablehlo";
import { column } from "./row-places.ts";

/** Stands for −∞: its exponential is exactly 0, and a row of nothing else makes no NaN. */
export const LEFT_OUT = -1e30;

/** eˣ/Σ eˣ along the last axis; the largest is taken out first, so that nothing overflows. */
export function softmax(graph: Graph, x: Value): Value {
  const last = x.shape.length - 1;
  const most = column(graph, graph.reduce("maximum", x, [last]));
  const exponentials = graph.unary("exponential", graph.binary("subtract", x, most));
  return graph.binary("divide", exponentials, column(graph, graph.reduce("add", exponentials, [last])));
}

/** log Σ eˣ along the last axis. */
export function logSumExp(graph: Graph, x: Value): Value {
  const last = x.shape.length - 1;
  const most = graph.reduce("maximum", x, [last]);
  const exponentials = graph.unary("exponential", graph.binary("subtract", x, column(graph, most)));
  return graph.binary("add", graph.unary("log", graph.reduce("add", exponentials, [last])), most);
}
