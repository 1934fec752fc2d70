import { ShapeError } from "@kindred/errors";
import { type AnyAxes, defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

type Pair = { readonly x: Float; readonly y: Float };

/** Refuses tensors that are not of one shape: nothing is broadcast here. */
function expectOneShape(name: string, { x, y }: Pair): void {
  const floats = x.dtype === "float32" && y.dtype === "float32";
  if (floats && x.size > 0 && x.shape.join() === y.shape.join()) return;
  throw new ShapeError(
    `${name}: shapes don't fit. Got x [${x.shape}], y [${y.shape}], expected float32 of one shape, not empty. Nothing is broadcast here.`,
    { x: x.shape, y: y.shape },
  );
}

function expectConstant(name: string, x: Float, constant: number): void {
  if (x.size > 0 && x.dtype === "float32" && Number.isFinite(constant)) return;
  throw new ShapeError(
    `${name}: no tensor and number. Got x [${x.shape}] of ${x.dtype} and ${constant}, expected a float32 tensor that is not empty and a ` +
      "finite number. Look at where the number comes from.",
    { x: x.shape, constant },
  );
}

/** {@link add} as an op that a backend may implement. */
export const addOp = defineOp<Pair, None, None, Float>({
  name: "KindredAdd",
  check: (pair) => expectOneShape("add", pair),
  composite: ({ x, y }) => tf.add(x, y),
  gradient: (dy) => ({ x: () => dy, y: () => dy }),
});

/** {@link subtract} as an op that a backend may implement. */
export const subtractOp = defineOp<Pair, None, None, Float>({
  name: "KindredSubtract",
  check: (pair) => expectOneShape("subtract", pair),
  composite: ({ x, y }) => tf.sub(x, y),
  gradient: (dy) => ({ x: () => dy, y: () => scaleOp({ x: dy }, {}, { factor: -1 }) }),
});

/** {@link multiply} as an op that a backend may implement. */
export const multiplyOp = defineOp<Pair, None, None, Float>({
  name: "KindredMultiply",
  check: (pair) => expectOneShape("multiply", pair),
  composite: ({ x, y }) => tf.mul(x, y),
  save: ["x", "y"],
  gradient: (dy, { x, y }) => ({
    x: (): Float => multiplyOp({ x: dy, y }, {}, {}),
    y: (): Float => multiplyOp({ x: dy, y: x }, {}, {}),
  }),
});

/** {@link divide} as an op that a backend may implement. */
export const divideOp = defineOp<Pair, None, None, Float>({
  name: "KindredDivide",
  check: (pair) => expectOneShape("divide", pair),
  composite: ({ x, y }) => tf.div(x, y),
  save: ["y"],
  saveResult: true,
  // d(x/y) = (dx − (x/y)·dy)/y
  gradient: (dy, { y, result }) => {
    const dx: Float = divideOp({ x: dy, y }, {}, {});
    return { x: () => dx, y: () => scale(multiply(dx, result), -1) };
  },
});

/** {@link scale} as an op that a backend may implement. */
export const scaleOp = defineOp<{ x: Float }, None, { readonly factor: number }, Float>({
  name: "KindredScale",
  check: ({ x }, _, { factor }) => expectConstant("scale", x, factor),
  composite: ({ x }, _, { factor }) => tf.mul(x, factor),
  gradient: (dy, _saved, data, fixed) => ({ x: (): Float => scaleOp({ x: dy }, data, fixed) }),
});

/** {@link shift} as an op that a backend may implement. */
export const shiftOp = defineOp<{ x: Float }, None, { readonly by: number }, Float>({
  name: "KindredShift",
  check: ({ x }, _, { by }) => expectConstant("shift", x, by),
  composite: ({ x }, _, { by }) => tf.add(x, by),
  gradient: (dy) => ({ x: () => dy }),
});

/**
 * The sum of two tensors of one shape: the residual connection, or two losses.
 *
 * Unlike tfjs's own `add` it keeps nothing for the backward pass, and broadcasts nothing.
 *
 * @throws ShapeError when the shapes differ
 *
 * @example
 * ```ts
 * import { add } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * add(tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync(); // => [11, 22]
 * ```
 */
export function add<Axes extends string = AnyAxes>(x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return addOp({ x, y }, {}, {});
}

/**
 * The difference of two tensors of one shape: x − y.
 *
 * @throws ShapeError when the shapes differ
 *
 * @example
 * ```ts
 * import { subtract } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * subtract(tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync(); // => [-9, -18]
 * ```
 */
export function subtract<Axes extends string = AnyAxes>(x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return subtractOp({ x, y }, {}, {});
}

/**
 * The product of two tensors of one shape, element by element: x·y.
 *
 * @throws ShapeError when the shapes differ
 *
 * @example
 * ```ts
 * import { multiply } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * multiply(tf.tensor1d([1, 2]), tf.tensor1d([10, 20])).dataSync(); // => [10, 40]
 * ```
 */
export function multiply<Axes extends string = AnyAxes>(x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return multiplyOp({ x, y }, {}, {});
}

/**
 * The quotient of two tensors of one shape, element by element: x/y. Where y is 0 it is infinite or NaN, as is its gradient.
 *
 * @throws ShapeError when the shapes differ
 *
 * @example
 * ```ts
 * import { divide } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * divide(tf.tensor1d([1, 2]), tf.tensor1d([4, 8])).dataSync(); // => [0.25, 0.25]
 * ```
 */
export function divide<Axes extends string = AnyAxes>(x: Float<Axes>, y: Float<Axes>): Float<Axes> {
  return divideOp({ x, y }, {}, {});
}

/**
 * A tensor times a constant: factor·x. The constant gets no gradient.
 *
 * @throws ShapeError when the tensor is empty or the factor is not finite
 *
 * @example
 * ```ts
 * import { scale } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * scale(tf.tensor1d([1, 2]), 20).dataSync(); // => [20, 40]
 * ```
 */
export function scale<Axes extends string = AnyAxes>(x: Float<Axes>, factor: number): Float<Axes> {
  return scaleOp({ x }, {}, { factor });
}

/**
 * A constant added to every element: x + by. A margin, say.
 *
 * @throws ShapeError when the tensor is empty or the constant is not finite
 *
 * @example
 * ```ts
 * import { shift } from "@kindred/nn";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * shift(tf.tensor1d([1, 2]), 0.5).dataSync(); // => [1.5, 2.5]
 * ```
 */
export function shift<Axes extends string = AnyAxes>(x: Float<Axes>, by: number): Float<Axes> {
  return shiftOp({ x }, {}, { by });
}
