import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { divideOp, multiplyOp } from "./arithmetic.ts";

type Input = { readonly x: Float };

function expectFloats(name: string, { x }: Input): void {
  if (x.dtype === "float32" && x.size > 0) return;
  throw new ShapeError(
    `${name}: no numbers. Got x [${x.shape}] of ${x.dtype}, expected float32 and one element at least.`,
    {
      x: x.shape,
      dtype: x.dtype,
    },
  );
}

/** {@link exp} as an op that a backend may implement. */
export const expOp = defineOp<Input, None, None, Float>({
  name: "KindredExp",
  check: (input) => expectFloats("exp", input),
  composite: ({ x }) => tf.exp(x),
  saveResult: true,
  gradient: (dy, { result }) => ({ x: () => multiplyOp({ x: dy, y: result }, {}, {}) }),
});

/** {@link log} as an op that a backend may implement. */
export const logOp = defineOp<Input, None, None, Float>({
  name: "KindredLog",
  check: (input) => expectFloats("log", input),
  composite: ({ x }) => tf.log(x),
  save: ["x"],
  gradient: (dy, { x }) => ({ x: () => divideOp({ x: dy, y: x }, {}, {}) }),
});

/** {@link relu} as an op that a backend may implement. */
export const reluOp = defineOp<Input, None, None, Float>({
  name: "KindredRelu",
  check: (input) => expectFloats("relu", input),
  composite: ({ x }) => tf.relu(x),
  saveResult: true,
  gradient: (dy, { result }) => ({ x: () => tf.mul(dy, tf.cast(tf.greater(result, 0), "float32")) }),
});

/** {@link absolute} as an op that a backend may implement. */
export const absoluteOp = defineOp<Input, None, None, Float>({
  name: "KindredAbsolute",
  check: (input) => expectFloats("absolute", input),
  composite: ({ x }) => tf.abs(x),
  save: ["x"],
  gradient: (dy, { x }) => ({ x: () => tf.mul(dy, tf.sign(x)) }),
});

/**
 * eˣ of every element; infinite from 88.8 on.
 *
 * @throws ShapeError when x is empty or not float32
 *
 * @example
 * ```ts
 * import { exp } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * exp(tf.tensor1d([0, 1])).dataSync(); // => [1.0, 2.7183]
 * ```
 */
export function exp<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return expOp({ x }, {}, {});
}

/**
 * The natural logarithm of every element: −∞ at 0, NaN below.
 *
 * @throws ShapeError when x is empty or not float32
 *
 * @example
 * ```ts
 * import { log } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * log(tf.tensor1d([1, 10])).dataSync(); // => [0.0, 2.3026]
 * ```
 */
export function log<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return logOp({ x }, {}, {});
}

/**
 * max(x, 0) of every element, the part of a margin that is not kept. Its gradient at 0 is 0, as PyTorch's.
 *
 * @throws ShapeError when x is empty or not float32
 *
 * @example
 * ```ts
 * import { relu } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * relu(tf.tensor1d([-1, 2])).dataSync(); // => [0, 2]
 * ```
 */
export function relu<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return reluOp({ x }, {}, {});
}

/**
 * |x| of every element. Its gradient at 0 is 0, as PyTorch's.
 *
 * @throws ShapeError when x is empty or not float32
 *
 * @example
 * ```ts
 * import { absolute } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * absolute(tf.tensor1d([-1, 2])).dataSync(); // => [1, 2]
 * ```
 */
export function absolute<Axes extends string = AnyAxes>(x: Float<Axes>): Float<Axes> {
  return absoluteOp({ x }, {}, {});
}
