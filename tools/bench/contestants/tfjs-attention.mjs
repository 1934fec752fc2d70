// Attention in stock tfjs-wasm with tfjs's own gradients.
import { attentionGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { biasMatrix } from "../inputs/bias-matrix.mjs";
import { startStock } from "../start-stock.mjs";
import { strided } from "../strided.mjs";
import { attention } from "../tfjs-composite.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/layer-inputs.mjs").LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const { tf, name } = await startStock({ gradients: true });
  const { q, k, v, bias, upstream } = layerInputs(setup);
  const biases = biasMatrix(bias);
  const tensors = [q, k, v, upstream].map(({ values, shape }) => tf.tensor(values, shape));
  const dy = tensors.pop();
  const inputs = [...tensors, tf.tensor(biases.values, biases.shape)];
  const forwardAndBack = tf.valueAndGrads((/** @type {any[]} */ ...[qs, ks, vs, matrix]) =>
    attention(tf, { q: qs, k: ks, v: vs, bias: matrix }, setup),
  );
  /** @type {ArrayLike<number>[]} */
  let read = [];
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        tf.tidy(() => {
          const { value, grads } = forwardAndBack(inputs, dy);
          read = [value, ...grads].map((result) => result.dataSync());
        });
      }
      return setup.repeats * attentionGigaflop(setup);
    },
    sample: () => strided(read.slice(0, 4)),
  };
}
