import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { columnSumsOp } from "./column-sums.ts";
import { expectLinear } from "./expect-linear.ts";
import { matmulOp } from "./matmul.ts";
import { expectTrainable, unpackWeight } from "./pack-weight.ts";
import { transposedMatmulOp } from "./transposed-matmul.ts";

/** {@link linear} as an op that a backend may implement. */
export const linearOp = defineOp<{ x: Float; weight: Float; bias: Float | undefined }, None, None, Float>({
  name: "KindredLinear",
  check: (inputs) => expectLinear("linear", inputs),
  // Transposing first keeps matMul on its fast path; with transposeB it is a scalar loop on wasm.
  composite: ({ x, weight, bias }) => {
    const y = tf.matMul(x, tf.transpose(unpackWeight(weight)));
    return bias ? tf.add(y, bias) : y;
  },
  save: ["x", "weight"],
  gradient: (dy, { x, weight }) => {
    expectTrainable("linear", weight);
    return {
      x: () => matmulOp({ a: dy, b: weight }, {}, {}),
      weight: () => transposedMatmulOp({ a: dy, b: x }, {}, {}),
      bias: () => columnSumsOp({ x: dy }, {}, {}),
    };
  },
});

/**
 * Every row of x through one affine map: y = x·weightᵀ + bias.
 *
 * y[token, o] = Σᵢ x[token, i]·weight[o, i] + bias[o]. The weight is `[out, in]`, as PyTorch's `nn.Linear` keeps it.
 * Rows don't see each other, so the layout of the sentences does not matter. A weight that is no longer trained may be one that
 * {@link packWeight} gave.
 *
 * @param bias left out: none is added
 * @throws ShapeError when x's last axis is not the weight's `in`, the bias is not `out` long, or x has no row
 *
 * @example
 * ```ts
 * import { linear } from "@kindred/nn";
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const weight = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
 * linear(tf.tensor2d([[2, 3]]), weight, tf.tensor1d([0, 0, 10])).dataSync(); // => [2, 3, 15]
 * ```
 */
export function linear<In extends string, Out extends string>(
  x: Float<`tokens ${In}`>,
  weight: Float<`${Out} ${In}`>,
  bias?: Float<Out>,
): Float<`tokens ${Out}`> {
  return linearOp({ x: x as Float, weight: weight as Float, bias: bias as Float }, {}, {}) as Float<`tokens ${Out}`>;
}
