// Kindred's matrix products, as its linear layer runs them: x·Wᵀ forward, dy·W and dyᵀ·x backward.
import { linear, linearOp } from "@kindred/nn";
import * as tf from "@tensorflow/tfjs-core";
import { productInputs } from "../inputs/product-inputs.mjs";
import { startKindred } from "../start-kindred.mjs";
import { strided } from "../strided.mjs";

/** @typedef {import("../inputs/product-inputs.mjs").ProductSetup} ProductSetup */

/** @type {import("../contestant.mjs").Enter<ProductSetup & { variant?: "auto" | "simd" | "relaxed" }>} */
export default async function enter(setup) {
  const name = await startKindred(setup);
  const { left, right, gigaflop } = productInputs(setup);
  const [a, b] = [tf.tensor2d(left.values, left.shape), tf.tensor2d(right.values, right.shape)];
  const run = productOf(setup.form, a, b);
  /** @type {ArrayLike<number>} */
  let product = [];
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        const result = run();
        product = result.dataSync();
        result.dispose();
      }
      return setup.repeats * gigaflop;
    },
    sample: () => strided([product]),
  };
}

/**
 * @param {ProductSetup["form"]} form
 * @param {tf.Tensor2D} a
 * @param {tf.Tensor2D} b
 * @returns {() => tf.Tensor}
 */
function productOf(form, a, b) {
  const backward = linearOp.op.gradient;
  if (backward === undefined) throw new Error("kindred-product: linear has no gradient.");
  if (form === "NT") return () => linear(a, b);
  // The gradient of linear by x is dy·W, the one by W is dyᵀ·x; of the operands that a form has no use for, any tensor will do.
  if (form === "NN") return () => part(backward(a, { x: a, weight: b, bias: a, result: a }, {}, {}).x);
  return () => part(backward(a, { x: b, weight: b, bias: b, result: b }, {}, {}).weight);
}

/** @param {(() => tf.Tensor) | undefined} compute @returns {tf.Tensor} */
function part(compute) {
  if (compute === undefined) throw new Error("kindred-product: the gradient of linear lacks a part.");
  return tf.tidy(compute);
}
