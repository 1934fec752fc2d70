import * as tf from "@tensorflow/tfjs-core";
import { type StockRule, unbroadcast } from "./rule.ts";

type Binary = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** A rule for one input, from the local derivative. */
const unary = (derivative: (x: tf.Tensor) => tf.Tensor): StockRule => ({
  save: ["x"],
  gradient: (dy, [x]) => ({ x: () => tf.mul(dy, derivative(x!)) }),
});

/** Likewise, where the derivative is best told from the output. */
const unaryByOutput = (derivative: (y: tf.Tensor) => tf.Tensor): StockRule => ({
  saveOutput: true,
  gradient: (dy, [y]) => ({ x: () => tf.mul(dy, derivative(y!)) }),
});

/** A rule for two inputs that broadcast, from the gradient of each before broadcasting is undone. */
const binary = (da: Binary, db: Binary): StockRule => ({
  save: ["a", "b"],
  gradient: (dy, [a, b]) => ({
    a: () => unbroadcast(da(dy, a!, b!), a!.shape),
    b: () => unbroadcast(db(dy, a!, b!), b!.shape),
  }),
});

const where = (condition: tf.Tensor) => tf.cast(condition, "float32");
const passOn: StockRule = { gradient: (dy) => ({ x: () => tf.clone(dy) }) };

/** Gradients of kernels that work element by element. */
export const elementwiseGradients: { readonly [kernel: string]: StockRule } = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  AddN: {
    saveList: true,
    gradient: (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => tf.clone(dy)])),
  },
  Sub: binary(
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  Multiply: binary(
    (dy, _, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  RealDiv: binary(
    (dy, _, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  SquaredDifference: binary(
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  Maximum: binary(
    (dy, a, b) => tf.mul(dy, where(tf.greaterEqual(a, b))),
    (dy, a, b) => tf.mul(dy, where(tf.less(a, b))),
  ),
  Minimum: binary(
    (dy, a, b) => tf.mul(dy, where(tf.lessEqual(a, b))),
    (dy, a, b) => tf.mul(dy, where(tf.greater(a, b))),
  ),
  Neg: { gradient: (dy) => ({ x: () => tf.neg(dy) }) },
  Square: unary((x) => tf.mul(x, 2)),
  Sqrt: unaryByOutput((y) => tf.div(0.5, y)),
  Rsqrt: unaryByOutput((y) => tf.mul(-0.5, tf.mul(tf.square(y), y))),
  Reciprocal: unaryByOutput((y) => tf.neg(tf.square(y))),
  Exp: unaryByOutput((y) => y),
  Log: unary((x) => tf.reciprocal(x)),
  Log1p: unary((x) => tf.reciprocal(tf.add(x, 1))),
  Tanh: unaryByOutput((y) => tf.sub(1, tf.square(y))),
  Sigmoid: unaryByOutput((y) => tf.mul(y, tf.sub(1, y))),
  Erf: unary((x) => tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x))))),
  Relu: unary((x) => where(tf.greater(x, 0))),
  Abs: unary((x) => tf.sign(x)),
  ClipByValue: {
    save: ["x"],
    gradient: (dy, [x], { clipValueMin: low, clipValueMax: high }) => ({
      x: () => tf.mul(dy, where(tf.logicalAnd(tf.greaterEqual(x!, low), tf.lessEqual(x!, high)))),
    }),
  },
  Select: {
    save: ["condition"],
    gradient: (dy, [condition]) => ({
      t: () => tf.mul(dy, where(condition!)),
      e: () => tf.mul(dy, where(tf.logicalNot(condition!))),
    }),
  },
  Cast: passOn,
  Identity: passOn,
};
