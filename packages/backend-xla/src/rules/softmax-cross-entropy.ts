import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { column } from "./row-places.ts";
import { LEFT_OUT, logSumExp, softmax } from "./softmax.ts";

/** The cross entropy of rows with their labels, which are operands, as are exclusions. */
export function implementSoftmaxCrossEntropy(): void {
  implementRule(softmaxCrossEntropyOp, (graph, { logits }, { labels, excluded }) => {
    const x = withoutExcluded(graph, logits, excluded);
    const own = graph.reduce("add", graph.select(atLabels(graph, labels, x), x, 0), [1]);
    return graph.binary("subtract", logSumExp(graph, x), own);
  });
  implementRule(softmaxCrossEntropyGradientOp, (graph, { dy, logits }, { labels, excluded }) => {
    const probabilities = softmax(graph, withoutExcluded(graph, logits, excluded));
    const wanted = graph.convert(atLabels(graph, labels, logits), "f32");
    return graph.binary("multiply", graph.binary("subtract", probabilities, wanted), column(graph, dy));
  });
}

function withoutExcluded(graph: Graph, logits: Value, excluded: Value | undefined): Value {
  if (excluded === undefined) return logits;
  return graph.select(graph.reshape(excluded, logits.shape), LEFT_OUT, logits);
}

/** Whether a column is its row's label, i1. */
function atLabels(graph: Graph, labels: Value, { shape }: Value): Value {
  return graph.compare("EQ", graph.iota(shape, 1), column(graph, labels));
}
