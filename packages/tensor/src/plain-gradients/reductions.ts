import * as tf from "@tensorflow/tfjs-core";
import { indicator, type Rule, rule, unbroadcast } from "./rule.ts";

type Axis = number | number[] | undefined;

/** x's shape with 1 for every reduced axis, in which a reduced tensor broadcasts against x again. */
function keptShape(shape: readonly number[], axis: Axis): number[] {
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), [...shape]);
  return shape.map((size, i) => (axes.includes(i) ? 1 : size));
}

/** dy spread over x, times what `factor` says of the two. */
const spread = (factor: (dy: tf.Tensor, x: tf.Tensor) => number): Rule =>
  rule<{ axis: Axis }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { axis }) => ({
      x: () => tf.mul(tf.reshape(dy, keptShape(x.shape, axis)), tf.fill(x.shape, factor(dy, x))),
    }),
  });

/** dy for the element that is the largest (smallest), in equal parts where several are. */
const extremum = rule<{ axis?: Axis; reductionIndices?: Axis }, "x" | "y">({
  save: ["x"],
  saveOutputs: ["y"],
  gradient: (dy, { x, y }, { reductionIndices, axis = reductionIndices }) => {
    const kept = keptShape(x.shape, axis ?? undefined); // Max calls the axis reductionIndices, Min axis
    return {
      x: () => {
        const chosen = indicator(tf.equal(x, tf.reshape(y, kept)));
        const axes = kept.flatMap((size, i) => (size === x.shape[i] ? [] : [i]));
        return tf.mul(tf.div(tf.reshape(dy, kept), tf.sum(chosen, axes, true)), chosen);
      },
    };
  },
});

/** The products of all elements but one, along axis 1. Right where an element is 0, which a quotient would not be. */
function productOfOthers(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cumprod(x, 1, true), tf.cumprod(x, 1, true, true));
}

/** The last two axes of a matrix product's factor, exchanged if `turn`. */
function turned(x: tf.Tensor, turn: boolean): tf.Tensor {
  const axes = x.shape.map((_, i) => i);
  return turn ? tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]) : x;
}

/** Gradients of kernels that add up, choose or multiply along axes. */
export const reductionGradients: { readonly [kernel: string]: Rule } = {
  Sum: spread(() => 1),
  Mean: spread((dy, x) => dy.size / x.size),
  Max: extremum,
  Min: extremum,
  Prod: rule<{ axis: Axis }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { axis }) => ({
      x: () => {
        const kept = keptShape(x.shape, axis ?? undefined);
        const reduced = kept.flatMap((size, i) => (size === x.shape[i] ? [] : [i]));
        const order = [...kept.keys()].filter((i) => !reduced.includes(i)).concat(reduced);
        const last = tf.transpose(x, order);
        const others = tf.reshape(productOfOthers(tf.reshape(last, [dy.size, -1])), last.shape);
        const back = tf.transpose(
          others,
          order.map((_, i) => order.indexOf(i)),
        );
        return tf.mul(tf.reshape(dy, kept), back);
      },
    }),
  }),
  Cumsum: rule<{ axis: number; exclusive: boolean; reverse: boolean }>({
    gradient: (dy, _, { axis, exclusive, reverse }) => ({
      x: () => tf.cumsum(dy, axis < 0 ? axis + dy.rank : axis, exclusive, !reverse),
    }),
  }),
  Softmax: rule<{ dim: number }, "y">({
    saveOutputs: ["y"],
    gradient: (dy, { y }, { dim }) => ({
      logits: () => tf.mul(y, tf.sub(dy, tf.sum(tf.mul(dy, y), dim, true))),
    }),
  }),
  // With A and B as they enter the product: dA = dy·Bᵀ, dB = Aᵀ·dy.
  BatchMatMul: rule<{ transposeA: boolean; transposeB: boolean }, "a" | "b">({
    save: ["a", "b"],
    gradient: (dy, { a, b }, { transposeA, transposeB }) => ({
      a: () => unbroadcast(turned(tf.matMul(dy, turned(b, !transposeB)), transposeA), a.shape),
      b: () => unbroadcast(turned(tf.matMul(turned(a, !transposeA), dy), transposeB), b.shape),
    }),
  }),
};
