// Kindred's attention over packed rows, forward and back.
import { attention } from "@kindred/nn";
import { packed, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { attentionGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { startKindred } from "../start-kindred.mjs";
import { strided } from "../strided.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/layer-inputs.mjs").LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const name = await startKindred();
  const { q, k, v, bias, upstream } = layerInputs(setup);
  const tensor = (/** @type {import("../inputs/layer-inputs.mjs").Values} */ { values, shape }) =>
    /** @type {any} */ (tf.tensor(values, shape));
  const inputs = { q: tensor(q), k: tensor(k), v: tensor(v), bias: tensor(bias) };
  const dy = tensor(upstream);
  const layout = packed(setup.lengths);
  const forward = () => attention(inputs.q, inputs.k, inputs.v, inputs.bias, { layout, heads: setup.heads });
  /** @type {ArrayLike<number>[]} */
  let read = [];
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        const { value, gradients } = valueAndGradients(forward, inputs, { upstream: dy });
        const results = [value, gradients.q, gradients.k, gradients.v, gradients.bias];
        read = results.map((result) => /** @type {tf.Tensor} */ (result).dataSync());
        tf.dispose(/** @type {tf.Tensor[]} */ (results));
      }
      return setup.repeats * attentionGigaflop(setup);
    },
    sample: () => strided(read.slice(0, 4)),
  };
}
