import type { Graph, Value } from "@kindred/stablehlo";
import type { RuleProgram } from "../implement-rule.ts";

/**
 * A product of two matrices that is large: Σ over one axis of each. In a program of bfloat16 products both factors are rounded to it; sums are
 * float32 always.
 *
 * @param axes which axis of x, and of y, is summed over
 */
export function product(
  graph: Graph,
  x: Value,
  y: Value,
  [ofX, ofY]: readonly [0 | 1, 0 | 1],
  program: RuleProgram,
): Value {
  if (program.products === "float32") return graph.dot(x, y, { contract: [[ofX], [ofY]] });
  const [a, b] = [graph.convert(x, "bf16"), graph.convert(y, "bf16")];
  if (ofX === 1 || !program.rowMajor) return graph.dot(a, b, { contract: [[ofX], [ofY]], type: "f32" });
  // XLA's CPU kernel for bfloat16 wants it so, else it computes in float32: a transpose that may not become a view.
  const rows = graph.rowMajor(graph.transpose(a, [1, 0]));
  return graph.dot(rows, b, { contract: [[1], [ofY]], type: "f32" });
}
