import { defineOp, type Float, type None } from "@kindred/tensor";
import { geluGradientOp, geluOp } from "./gelu.ts";
import { columnSumsOp, expectLinear, linearOp, matmulOp, transposedMatmulOp } from "./linear.ts";
import { expectTrainable } from "./pack-weight.ts";

/** The gradient of {@link geluLinear} by x or by the weight, as an op that a backend may implement. */
export const geluLinearGradientOp = defineOp<
  { dy: Float; x: Float; weight: Float },
  None,
  { readonly by: "x" | "weight" },
  Float
>({
  name: "KindredGeluLinearGradient",
  check: () => {},
  composite: ({ dy, x, weight }, _, { by }) =>
    by === "weight"
      ? transposedMatmulOp({ a: dy, b: geluOp({ x }, {}, {}) }, {}, {})
      : geluGradientOp({ dy: matmulOp({ a: dy, b: weight }, {}, {}), x }, {}, {}),
});

/** {@link geluLinear} as an op that a backend may implement. */
export const geluLinearOp = defineOp<{ x: Float; weight: Float; bias: Float | undefined }, None, None, Float>({
  name: "KindredGeluLinear",
  check: (inputs) => expectLinear("geluLinear", inputs),
  composite: ({ x, weight, bias }) =>
    linearOp.op.composite({ x: geluOp.op.composite({ x }, {}, {}), weight, bias }, {}, {}),
  save: ["x", "weight"],
  gradient: (dy, { x, weight }) => {
    expectTrainable("geluLinear", weight);
    return {
      x: () => geluLinearGradientOp({ dy, x, weight }, {}, { by: "x" }),
      weight: () => geluLinearGradientOp({ dy, x, weight }, {}, { by: "weight" }),
      bias: () => columnSumsOp({ x: dy }, {}, {}),
    };
  },
});

/**
 * A {@link linear} map of GELU(x): y = gelu(x)·weightᵀ + bias, the second half of a feed-forward block.
 *
 * Equal to `linear(gelu(x), weight, bias)`, but what the backward pass needs is x alone: GELU's values, the widest matrix of a
 * layer, are computed again. Arguments, edges and errors are those of `linear`.
 *
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3.3; Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016
 *
 * @example
 * ```ts
 * import { geluLinear } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * geluLinear(tf.tensor2d([[1, -1]]), tf.tensor2d([[1, 1], [10, 0]])).dataSync(); // => [0.6827, 8.4134]
 * ```
 */
export function geluLinear<Rows extends string, In extends string, Out extends string>(
  x: Float<`${Rows} ${In}`>,
  weight: Float<`${Out} ${In}`>,
  bias?: Float<NoInfer<Out>>,
): Float<`${Rows} ${Out}`> {
  return geluLinearOp({ x, weight, bias }, {}, {});
}
