import { geluGradientOp, geluLinearGradientOp, geluLinearOp, geluOp } from "@kindred/nn";
import type { Graph, Value } from "@kindred/stablehlo";
import { implementRule } from "../implement-rule.ts";
import { product } from "./product.ts";

/** GELU, alone and before a linear map. */
export function implementGelu(): void {
  implementRule(geluOp, (graph, { x }) => gelu(graph, x));
  implementRule(geluGradientOp, (graph, { dy, x }) => geluGradient(graph, dy, x));
  implementRule(geluLinearOp, (graph, { x, weight, bias }, _data, _fixed, program) => {
    const y = product(graph, gelu(graph, x), weight, [1, 1], program);
    return bias === undefined ? y : graph.binary("add", y, bias);
  });
  implementRule(geluLinearGradientOp, (graph, { dy, x, weight }, _, { by }, program) =>
    by === "weight"
      ? product(graph, dy, gelu(graph, x), [0, 0], program)
      : geluGradient(graph, product(graph, dy, weight, [1, 0], program), x),
  );
}

function gelu(graph: Graph, input: Value): Value {
  return graph.call("gelu", [input], (f, x) => f.binary("multiply", x, distribution(f, x)));
}

/** dy·(Φ(x) + x·φ(x)). */
function geluGradient(graph: Graph, upstream: Value, input: Value): Value {
  return graph.call("geluGradient", [upstream, input], (f, dy, x) => {
    const exponential = f.unary("exponential", f.binary("multiply", f.binary("multiply", x, x), -0.5));
    const density = f.binary("multiply", exponential, 1 / Math.sqrt(2 * Math.PI));
    return f.binary("multiply", dy, f.binary("add", distribution(f, x), f.binary("multiply", x, density)));
  });
}

/** Φ(x) = ½(1 + erf(x/√2)). */
function distribution(graph: Graph, x: Value): Value {
  const erf = graph.unary("erf", graph.binary("multiply", x, Math.SQRT1_2));
  return graph.binary("multiply", graph.binary("add", erf, 1), 0.5);
}
