import { addLayerNormOp, layerNormGradientOp, layerNormOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { column } from "./row-places.ts";

/** Layer norm, alone and of a sum. */
export function implementLayerNorm(): void {
  implementRule(layerNormOp, (graph, { x, gamma, beta }, _, { epsilon }) =>
    graph.call("layerNorm", [x, gamma, beta], (f, x, gamma, beta) => affine(f, normalize(f, x, epsilon), gamma, beta)),
  );
  implementRule(addLayerNormOp, (graph, { x, residual, gamma, beta }, _, { epsilon }) =>
    graph.call("addLayerNorm", [x, residual, gamma, beta], (f, x, residual, gamma, beta) =>
      affine(f, normalize(f, f.binary("add", x, residual), epsilon), gamma, beta),
    ),
  );
  implementRule(layerNormGradientOp, (graph, { dy, x, residual, gamma }, _, { epsilon }) => {
    const sum = residual === undefined ? x : graph.binary("add", x, residual);
    return graph.call("layerNormGradient", [dy, sum, gamma], (f, dy, x, gamma) => {
      const { normalized, inverse } = normalize(f, x, epsilon);
      const g = f.binary("multiply", dy, gamma);
      const along = f.binary("multiply", normalized, rowMeans(f, f.binary("multiply", g, normalized)));
      const across = f.binary("subtract", f.binary("subtract", g, rowMeans(f, g)), along);
      return [
        f.binary("multiply", across, inverse),
        f.reduce("add", f.binary("multiply", dy, normalized), [0]),
        f.reduce("add", dy, [0]),
      ];
    });
  });
}

/** Rows at mean 0 and variance 1, and 1/√(variance + epsilon) of each in a column. */
type Normalized = { readonly normalized: Value; readonly inverse: Value };

function affine(graph: Graph, { normalized }: Normalized, gamma: Value, beta: Value): Value {
  return graph.binary("add", graph.binary("multiply", normalized, gamma), beta);
}

function normalize(graph: Graph, x: Value, epsilon: number): Normalized {
  const centered = graph.binary("subtract", x, rowMeans(graph, x));
  const variances = rowMeans(graph, graph.binary("multiply", centered, centered));
  const inverse = graph.unary("rsqrt", graph.binary("add", variances, epsilon));
  return { normalized: graph.binary("multiply", centered, inverse), inverse };
}

/** The mean of each row, in a column. */
function rowMeans(graph: Graph, x: Value): Value {
  const [, hidden = 0] = x.shape;
  return column(graph, graph.binary("multiply", graph.reduce("add", x, [1]), 1 / hidden));
}
