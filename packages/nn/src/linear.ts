import { defineOp, expectShapes, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expectTrainable, unpackWeight, weightShape } from "./pack-weight.ts";

// What backward passes are made of. They have no gradients themselves, since nothing is differentiated twice.

/** The matrix product y = a·b, y[row, column] = Σᵢ a[row, i]·b[i, column], as an op that an engine may implement. */
export const matmulOp = defineOp<{ a: Float; b: Float }, None, None, Float>({
  name: "KindredMatmul",
  check: ({ a, b }) => {
    expectShapes("matmul", { a: [a, "rows inner", "float32"], b: [b, "inner columns", "float32"] });
  },
  composite: ({ a, b }) => tf.matMul(a, b),
});

/**
 * The matrix product y = aᵀ·b, y[row, column] = Σᵢ a[i, row]·b[i, column], as an op that an engine may implement: a weight's gradient,
 * summed over rows.
 */
export const transposedMatmulOp = defineOp<{ a: Float; b: Float }, None, None, Float>({
  name: "KindredTransposedMatmul",
  check: ({ a, b }) => {
    expectShapes("transposedMatmul", { a: [a, "inner rows", "float32"], b: [b, "inner columns", "float32"] });
  },
  composite: ({ a, b }) => tf.matMul(a, b, true),
  // It repacks the right factor at every call, slowly, so the wider of the two goes to the left.
  kernels: {
    wasm: ({ a, b }) =>
      tf.tidy(() => {
        const wideLeft = (a.shape[1] ?? 0) >= (b.shape[1] ?? 0);
        return wideLeft ? tf.matMul(tf.transpose(a), b) : tf.transpose(tf.matMul(tf.transpose(b), a));
      }),
  },
});

/** The sum of all rows, y[column] = Σ x[row, column], as an op that an engine may implement: a bias's gradient. */
export const columnSumsOp = defineOp<{ x: Float }, None, None, Float>({
  name: "KindredColumnSums",
  check: ({ x }) => {
    expectShapes("columnSums", { x: [x, "rows columns", "float32"] });
  },
  composite: ({ x }) => tf.sum(x, 0),
});

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

/** Checks the arguments of a linear map, whose weight may be packed, or stand for one that the engine keeps. */
export function expectLinear(
  functionName: string,
  { x, weight, bias }: { readonly x: tf.Tensor; readonly weight: tf.Tensor; readonly bias: tf.Tensor | undefined },
): void {
  const isPacked = weight.rank === 3;
  expectShapes(functionName, {
    x: [x, "rows in", "float32"],
    weight: [weight, isPacked ? "panels in lanes" : "out in", "weight"],
    bias: [bias, isPacked ? `${weightShape(weight)[0]}` : "out", "float32"],
  });
}

/**
 * Every row of x through one affine map: y = x·weightᵀ + bias.
 *
 * y[row, o] = Σᵢ x[row, i]·weight[o, i] + bias[o]. The weight is `[out, in]`, as PyTorch's `nn.Linear` keeps it.
 * Rows don't see each other, so the layout of the sentences does not matter. A weight that is no longer trained may be one that
 * {@link packWeight} gave.
 *
 * @param bias left out: none is added
 * @throws ShapeError when x's last axis is not the weight's `in`, the bias is not `out` long, or x has no row
 *
 * @example
 * ```ts
 * import { linear } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const weight = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
 * linear(tf.tensor2d([[2, 3]]), weight, tf.tensor1d([0, 0, 10])).dataSync(); // => [2, 3, 15]
 * ```
 */
export function linear<Rows extends string, In extends string, Out extends string>(
  x: Float<`${Rows} ${In}`>,
  weight: Float<`${Out} ${In}`>,
  bias?: Float<NoInfer<Out>>,
): Float<`${Rows} ${Out}`> {
  return linearOp({ x, weight, bias }, {}, {});
}
