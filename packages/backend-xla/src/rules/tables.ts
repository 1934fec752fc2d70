import { embeddingGradientOp, embeddingOp, gatherRowsOp, positionBiasGradientOp, positionBiasOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";

/** Rows looked up in tables, and the tables' gradients, which are dense: AdamW moves every row. */
export function implementTables(): void {
  implementRule(embeddingOp, (graph, { table }, { ids }) => graph.gatherRows(table, ids));
  implementRule(gatherRowsOp, (graph, { x }, { chosen }) => graph.gatherRows(x, chosen));
  implementRule(embeddingGradientOp, (graph, { dy }, { ids }, { vocab, paddingId }) =>
    sumsOfRows(graph, dy, paddingId === undefined ? ids : withoutRow(graph, ids, paddingId), vocab),
  );
  implementRule(positionBiasOp, (graph, { table }, { bucketOfDistance }) =>
    graph.transpose(graph.gatherRows(table, bucketOfDistance), [1, 0]),
  );
  implementRule(positionBiasGradientOp, (graph, { dy }, { bucketOfDistance }, { buckets }) =>
    sumsOfRows(graph, graph.transpose(dy, [1, 0]), bucketOfDistance, buckets),
  );
}

/** The sum of the rows that have each number, "count features". Numbers outside 0 … count − 1 are left out: a scatter drops what is out of bounds. */
function sumsOfRows(graph: Graph, rows: Value, numbers: Value, count: number): Value {
  const [, features = 0] = rows.shape;
  return graph.scatterAddRows(graph.constant(0, "f32", [count, features]), numbers, rows);
}

function withoutRow(graph: Graph, ids: Value, row: number): Value {
  const isRow = graph.compare("EQ", ids, row);
  return graph.select(isRow, -1, ids);
}
