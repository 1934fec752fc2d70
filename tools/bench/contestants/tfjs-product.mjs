// Stock tfjs-wasm's tf.matMul. The same right operand each time, so that XNNPACK keeps its packed copy.
import { productInputs } from "../inputs/product-inputs.mjs";
import { startStock } from "../start-stock.mjs";
import { strided } from "../strided.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/product-inputs.mjs").ProductSetup>} */
export default async function enter(setup) {
  const { tf, name } = await startStock();
  const { left, right, gigaflop } = productInputs(setup);
  const [a, b] = [tf.tensor2d(left.values, left.shape), tf.tensor2d(right.values, right.shape)];
  /** @type {ArrayLike<number>} */
  let product = [];
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        const result = tf.matMul(a, b, setup.form === "TN", setup.form === "NT");
        product = result.dataSync();
        result.dispose();
      }
      return setup.repeats * gigaflop;
    },
    sample: () => strided([product]),
  };
}
