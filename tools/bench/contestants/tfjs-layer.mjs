// A layer of MPNet in stock tfjs-wasm, forward and back with tfjs's own gradients.
import { layerGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { biasMatrix } from "../inputs/bias-matrix.mjs";
import { startStock } from "../start-stock.mjs";
import { strided } from "../strided.mjs";
import { layer } from "../tfjs-composite.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/layer-inputs.mjs").LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const { tf, name } = await startStock({ gradients: true });
  const { weights, x, bias, upstream } = layerInputs(setup);
  const biases = biasMatrix(bias);
  const names = Object.keys(weights);
  const tensors = Object.values(weights).map(({ values, shape }) => {
    const tensor = tf.tensor(values, shape);
    return shape.length === 2 ? tf.transpose(tensor) : tensor;
  });
  const inputs = [tf.tensor(x.values, x.shape), tf.tensor(biases.values, biases.shape), ...tensors];
  const dy = tf.tensor(upstream.values, upstream.shape);
  const forwardAndBack = tf.valueAndGrads((/** @type {any[]} */ ...[hidden, matrix, ...given]) => {
    const named = Object.fromEntries(names.map((weight, i) => [weight, given[i]]));
    return layer(tf, { x: hidden, bias: matrix, weights: named }, setup);
  });
  /** @type {ArrayLike<number>[]} */
  let read = [];
  const gradientOf = (/** @type {string} */ weight) => read[3 + names.indexOf(weight)] ?? [];
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        tf.tidy(() => {
          const { value, grads } = forwardAndBack(inputs, dy);
          read = [value, ...grads].map((result) => result.dataSync());
        });
      }
      return setup.repeats * layerGigaflop(setup);
    },
    sample: () =>
      strided([
        read[0] ?? [],
        read[1] ?? [],
        gradientOf("intermediate.dense.bias"),
        gradientOf("attention.attn.q.bias"),
      ]),
  };
}
