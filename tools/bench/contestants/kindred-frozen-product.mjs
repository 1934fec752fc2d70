// A linear layer whose weights are no longer trained, one weight after another, as a model's come from memory: `linear` by packed weights, or a form
// of `startWeightForms`.
import { startWeightForms, wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { linear, packWeight } from "@kindred/nn";
import * as tf from "@tensorflow/tfjs-core";
import { productInputs } from "../inputs/product-inputs.mjs";
import { strided } from "../strided.mjs";

/**
 * @typedef {object} FrozenSetup
 * @property {"linear" | "float32" | "bfloat16" | "int8"} form
 * @property {number} rows
 * @property {number} inner
 * @property {number} columns
 * @property {number} weights how many take turns
 * @property {number} repeats of all of them
 */

/** @type {import("../contestant.mjs").Enter<FrozenSetup>} */
export default async function enter(setup) {
  const { rows, inner, columns, weights, repeats } = setup;
  const { variant } = await wasm({ revectorization: enableRevectorization() }).start();
  const { left, right, gigaflop } = productInputs({ rows, inner, columns, form: "NT", repeats });
  const run =
    setup.form === "linear"
      ? byLinear(setup, left.values, right.values)
      : await byForm(setup, setup.form, variant, left.values, right.values);
  /** @type {ArrayLike<number>} */
  let product = [];
  return {
    name: `Kindred, ${variant}, ${setup.form}`,
    measure: () => {
      for (let i = 0; i < repeats * weights; i++) product = run(i % weights);
      return repeats * weights * gigaflop;
    },
    sample: () => strided([product]),
  };
}

/**
 * @param {FrozenSetup} setup
 * @param {Float32Array} left
 * @param {Float32Array} right
 */
function byLinear({ rows, inner, columns, weights }, left, right) {
  const x = tf.tensor2d(left, [rows, inner]);
  const packed = Array.from({ length: weights }, () => tf.tidy(() => packWeight(tf.tensor2d(right, [columns, inner]))));
  return (/** @type {number} */ i) => {
    const weight = packed[i];
    if (weight === undefined) throw new Error(`kindred-frozen-product: there is no weight ${i}.`);
    const y = linear(x, weight);
    const values = y.dataSync();
    y.dispose();
    return values;
  };
}

/**
 * @param {FrozenSetup} setup
 * @param {"float32" | "bfloat16" | "int8"} name
 * @param {import("@kindred/backend-wasm").KernelVariant} variant
 * @param {Float32Array} left
 * @param {Float32Array} right
 */
async function byForm({ rows, inner, columns, weights }, name, variant, left, right) {
  const start = async (/** @type {number} */ bytes) => {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536), maximum: 65_536 });
    return { memory, form: (await startWeightForms({ variant, weights: memory, heap: memory }))[name] };
  };
  const { form: sizes } = await start(1);
  const each = Math.ceil(sizes.bytes(columns, inner) / 64) * 64;
  const [x, weight, y] = [64, 64 + left.byteLength, 64 + left.byteLength + right.byteLength];
  const packed = Math.ceil((y + 4 * rows * columns) / 64) * 64;
  const scratch = packed + weights * each;
  const { memory, form } = await start(
    scratch + Math.max(sizes.packScratchBytes(inner), sizes.scratchBytes(rows, inner, columns)),
  );
  new Float32Array(memory.buffer, x, left.length).set(left);
  new Float32Array(memory.buffer, weight, right.length).set(right);
  for (let i = 0; i < weights; i++) form.pack({ weight, out: columns, inner, to: packed + i * each, scratch });
  const result = new Float32Array(memory.buffer, y, rows * columns);
  return (/** @type {number} */ i) => {
    form.linear({ x, rows, inner, packed: packed + i * each, out: columns, bias: 0, y, activated: false, scratch });
    return result.slice();
  };
}
