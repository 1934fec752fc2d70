import * as tf from "@tensorflow/tfjs-core";
import { indicator, listRule, type Rule, rule, unbroadcast } from "./rule.ts";

/** A rule for one input, from the local derivative. */
const byInput = (derivative: (x: tf.Tensor) => tf.Tensor): Rule =>
  rule({ save: ["x"], gradient: (dy, { x }) => ({ x: () => tf.mul(dy, derivative(x)) }) });

/** Likewise, where the derivative is best told from the output. */
const byOutput = (derivative: (y: tf.Tensor) => tf.Tensor): Rule =>
  rule({ saveOutputs: ["y"], gradient: (dy, { y }) => ({ x: () => tf.mul(dy, derivative(y)) }) });

type Binary = (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** A rule for two inputs that broadcast, from the gradient of each before broadcasting is undone. */
const binary = (da: Binary, db: Binary): Rule =>
  rule({
    save: ["a", "b"],
    gradient: (dy, { a, b }) => ({
      a: () => unbroadcast(da(dy, a, b), a.shape),
      b: () => unbroadcast(db(dy, a, b), b.shape),
    }),
  });

/** The gradient of a step function: zero wherever it has one. */
const flat = byInput((x) => tf.zerosLike(x));
const passOn = rule({ gradient: (dy) => ({ x: () => tf.clone(dy) }) });

const positive = (x: tf.Tensor) => indicator(tf.greater(x, 0));
/** x where it is positive, else 1: for a logarithm that is multiplied by 0 there. */
const positiveOrOne = (x: tf.Tensor) => tf.add(tf.mul(positive(x), tf.sub(x, 1)), 1);
/** 1 for positive x, else `slope`. */
const slopeBelow = (x: tf.Tensor, slope: tf.Tensor | number) => {
  const above = positive(x);
  return tf.add(above, tf.mul(tf.sub(1, above), slope));
};
const { SELU_SCALE: seluScale, SELU_SCALEALPHA } = tf.backend_util;
const seluAlpha = SELU_SCALEALPHA / seluScale;

/** Gradients of kernels that work element by element. At a kink they are those of one side, of `Abs` 0. */
export const elementwiseGradients: { readonly [kernel: string]: Rule } = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  AddN: listRule(([dy], inputs) => inputs.map((x) => () => (dy === undefined ? tf.zerosLike(x) : tf.clone(dy)))),
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
    (dy, a, b) => tf.mul(dy, indicator(tf.greaterEqual(a, b))),
    (dy, a, b) => tf.mul(dy, indicator(tf.less(a, b))),
  ),
  Minimum: binary(
    (dy, a, b) => tf.mul(dy, indicator(tf.lessEqual(a, b))),
    (dy, a, b) => tf.mul(dy, indicator(tf.greater(a, b))),
  ),
  // b·a^(b − 1), but 0 for b = 0 whatever a is; and y·log(a), but 0 where a is not positive.
  Pow: binary(
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.add(tf.sub(b, 1), indicator(tf.equal(b, 0)))))),
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.log(positiveOrOne(a)))),
  ),
  Mod: binary(
    (dy) => dy,
    (dy, a, b) => tf.neg(tf.mul(dy, tf.floor(tf.div(a, b)))),
  ),
  Atan2: binary(
    (dy, a, b) => tf.div(tf.mul(dy, b), tf.add(tf.square(a), tf.square(b))),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.add(tf.square(a), tf.square(b)))),
  ),
  FloorDiv: binary(
    (dy) => tf.zerosLike(dy),
    (dy) => tf.zerosLike(dy),
  ),
  Neg: rule({ gradient: (dy) => ({ x: () => tf.neg(dy) }) }),
  Abs: byInput((x) => tf.sign(x)),
  Square: byInput((x) => tf.mul(x, 2)),
  Sqrt: byOutput((y) => tf.div(0.5, y)),
  Rsqrt: byOutput((y) => tf.mul(-0.5, tf.mul(tf.square(y), y))),
  Reciprocal: byOutput((y) => tf.neg(tf.square(y))),
  Exp: byOutput((y) => y),
  Expm1: byInput((x) => tf.exp(x)),
  Log: byInput((x) => tf.reciprocal(x)),
  Log1p: byInput((x) => tf.reciprocal(tf.add(x, 1))),
  Sigmoid: byOutput((y) => tf.mul(y, tf.sub(1, y))),
  Softplus: byInput((x) => tf.sigmoid(x)),
  Tanh: byOutput((y) => tf.sub(1, tf.square(y))),
  Erf: byInput((x) => tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x))))),
  Relu: byInput(positive),
  Relu6: byInput((x) => tf.mul(positive(x), indicator(tf.less(x, 6)))),
  LeakyRelu: rule<{ alpha: number }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { alpha }) => ({ x: () => tf.mul(dy, slopeBelow(x, alpha)) }),
  }),
  Prelu: rule({
    save: ["x", "alpha"],
    gradient: (dy, { x, alpha }) => ({
      x: () => tf.mul(dy, slopeBelow(x, alpha)),
      alpha: () => unbroadcast(tf.mul(dy, tf.minimum(x, 0)), alpha.shape),
    }),
  }),
  Elu: byInput((x) => slopeBelow(x, tf.exp(tf.minimum(x, 0)))),
  // scale·α·e^x below 0.
  Selu: byInput((x) => tf.mul(seluScale, slopeBelow(x, tf.mul(seluAlpha, tf.exp(tf.minimum(x, 0)))))),
  Sin: byInput((x) => tf.cos(x)),
  Cos: byInput((x) => tf.neg(tf.sin(x))),
  Tan: byOutput((y) => tf.add(1, tf.square(y))),
  Asin: byInput((x) => tf.rsqrt(tf.sub(1, tf.square(x)))),
  Acos: byInput((x) => tf.neg(tf.rsqrt(tf.sub(1, tf.square(x))))),
  Atan: byInput((x) => tf.reciprocal(tf.add(1, tf.square(x)))),
  Sinh: byInput((x) => tf.cosh(x)),
  Cosh: byInput((x) => tf.sinh(x)),
  Asinh: byInput((x) => tf.rsqrt(tf.add(1, tf.square(x)))),
  Acosh: byInput((x) => tf.rsqrt(tf.sub(tf.square(x), 1))),
  Atanh: byInput((x) => tf.reciprocal(tf.sub(1, tf.square(x)))),
  ClipByValue: rule<{ clipValueMin: number; clipValueMax: number }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { clipValueMin, clipValueMax }) => ({
      x: () =>
        tf.mul(dy, tf.mul(indicator(tf.greaterEqual(x, clipValueMin)), indicator(tf.lessEqual(x, clipValueMax)))),
    }),
  }),
  Select: rule({
    save: ["condition"],
    gradient: (dy, { condition }) => ({
      t: () => tf.mul(dy, indicator(condition)),
      e: () => tf.mul(dy, tf.sub(1, indicator(condition))),
    }),
  }),
  Cast: passOn,
  Identity: passOn,
  Ceil: flat,
  Floor: flat,
  Round: flat,
  Sign: flat,
  Step: flat,
  OnesLike: flat,
  ZerosLike: flat,
};
