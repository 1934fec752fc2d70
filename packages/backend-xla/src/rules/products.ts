import { columnSumsOp, linearOp, matmulOp, matmulTransposedOp, packWeightOp, transposedMatmulOp } from "@kindred/nn";
import { implementRule } from "../implement-rule.ts";
import { product } from "./product.ts";

/** Linear maps and their gradients: nearly all of a model's arithmetic. */
export function implementProducts(): void {
  implementRule(linearOp, (graph, { x, weight, bias }, _data, _fixed, program) => {
    const y = product(graph, x, weight, [1, 1], program);
    return bias === undefined ? y : graph.binary("add", y, bias);
  });
  implementRule(matmulOp, (graph, { a, b }, _data, _fixed, program) => product(graph, a, b, [1, 0], program));
  implementRule(transposedMatmulOp, (graph, { a, b }, _data, _fixed, program) => product(graph, a, b, [0, 0], program));
  implementRule(columnSumsOp, (graph, { x }) => graph.reduce("add", x, [0]));
  // A loss's scores: few, and their small differences matter.
  implementRule(matmulTransposedOp, (graph, { a, b }) => graph.dot(a, b, { contract: [[1], [1]] }));
  implementRule(packWeightOp, (graph, { weight }, _data, _fixed, { products }) =>
    products === "bfloat16" ? graph.convert(weight, "bf16") : weight,
  );
}
