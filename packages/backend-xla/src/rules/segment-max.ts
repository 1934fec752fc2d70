import { segmentMaxGradientOp, segmentMaxOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import type { LayoutFixed } from "@kindred/tensor";
import { implementRule } from "../implement-rule.ts";
import { column, type LayoutOperands, placesTaken, rowPlaces, rowsOfSentences, withoutPadding } from "./row-places.ts";

/** The largest of each sentence's rows, feature by feature: sentences side by side, as padded layouts have them. */
export function implementSegmentMax(): void {
  implementRule(segmentMaxOp, (graph, { x }, data, fixed) => {
    const most = graph.reduce("maximum", tokensOfSentences(graph, x, data, fixed), [1]);
    const notEmpty = graph.compare("GT", column(graph, data.lengths), 0);
    return graph.select(notEmpty, most, 0);
  });
  implementRule(segmentMaxGradientOp, (graph, { dy, x }, data, fixed) => {
    const { someSentence, position, real } = rowPlaces(graph, data, fixed);
    const first = graph.gatherRows(placeOfMaximum(graph, tokensOfSentences(graph, x, data, fixed)), someSentence);
    const isFirst = graph.compare("EQ", column(graph, graph.convert(position, "i32")), first);
    const chosen = graph.select(isFirst, graph.gatherRows(dy, someSentence), 0);
    return withoutPadding(graph, chosen, real);
  });
}

/** "batch longest hidden": the rows of each sentence, −∞ after its end. */
function tokensOfSentences(graph: Graph, x: Value, data: LayoutOperands, fixed: LayoutFixed): Value {
  const rows = graph.gatherRows(x, rowsOfSentences(graph, data, fixed));
  return graph.select(column(graph, placesTaken(graph, data, fixed)), rows, -Infinity);
}

/** Where along axis 1 the largest element first stands, "batch hidden". */
function placeOfMaximum(graph: Graph, x: Value): Value {
  const [batch = 0, longest = 0, hidden = 0] = x.shape;
  const most = graph.reshape(graph.reduce("maximum", x, [1]), [batch, 1, hidden]);
  const places = graph.select(graph.compare("EQ", x, most), graph.iota([batch, longest, hidden], 1), longest);
  return graph.reduce("minimum", places, [1]);
}
