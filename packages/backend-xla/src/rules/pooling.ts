import { meanPoolGradientOp, meanPoolOp, weightedPoolGradientOp, weightedPoolOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import type { LayoutFixed } from "@kindred/tensor";
import { implementRule } from "../implement-rule.ts";
import { column, elementsAt, type LayoutOperands, rowPlaces, withoutPadding } from "./row-places.ts";

/** Sums over the rows of each sentence: a product with a matrix "batch rows" of weights, which the program makes. */
export function implementPooling(): void {
  implementRule(meanPoolOp, (graph, { x }, data, fixed) => {
    const shares = graph.binary("divide", graph.constant(1), column(graph, lengthsAsFloats(graph, data)));
    return pooled(graph, x, data, fixed, shares);
  });
  implementRule(weightedPoolOp, (graph, { x }, { weights, ...data }, fixed) =>
    pooled(graph, x, data, fixed, graph.reshape(weights, [1, fixed.rows])),
  );
  implementRule(meanPoolGradientOp, (graph, { dy }, data, fixed) => {
    const { someSentence } = rowPlaces(graph, data, fixed);
    const lengths = elementsAt(graph, lengthsAsFloats(graph, data), someSentence);
    return spread(graph, dy, data, fixed, graph.binary("divide", graph.constant(1), lengths));
  });
  implementRule(weightedPoolGradientOp, (graph, { dy }, { weights, ...data }, fixed) =>
    spread(graph, dy, data, fixed, weights),
  );
}

/** At least 1, so that sentences of no tokens divide by nothing that is 0. */
function lengthsAsFloats(graph: Graph, { lengths }: LayoutOperands): Value {
  return graph.convert(graph.binary("maximum", lengths, 1), "f32");
}

/** Σ weights[token]·x[token] over each sentence's tokens; `weights` broadcasts to "batch rows". */
function pooled(graph: Graph, x: Value, data: LayoutOperands, fixed: LayoutFixed, weights: Value): Value {
  const { batch, rows } = fixed;
  const { sentence, real } = rowPlaces(graph, data, fixed);
  const own = graph.compare("EQ", graph.iota([batch, rows], 0), graph.reshape(sentence, [1, rows]));
  const matrix = graph.select(own, graph.broadcastTo(weights, [batch, rows]), 0);
  return graph.dot(matrix, withoutPadding(graph, x, real), { contract: [[1], [0]] });
}

/** weights[token]·dy[its sentence] for every token, 0 for padding. */
function spread(graph: Graph, dy: Value, data: LayoutOperands, fixed: LayoutFixed, weights: Value): Value {
  const { someSentence, real } = rowPlaces(graph, data, fixed);
  const rows = graph.gatherRows(dy, someSentence);
  return withoutPadding(graph, graph.binary("multiply", rows, column(graph, weights)), real);
}
