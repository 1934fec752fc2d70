// A layer of Kindred's MPNet, forward and back, with the gradients of its input, its weights and the position bias.
import { packed, valueAndGradients } from "@kindred/tensor";
import { postNormLayer } from "@kindred/transformer";
import * as tf from "@tensorflow/tfjs-core";
import { layerGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { startKindred } from "../start-kindred.mjs";
import { strided } from "../strided.mjs";

const names = {
  query: "attention.attn.q",
  key: "attention.attn.k",
  value: "attention.attn.v",
  attended: "attention.attn.o",
  attendedNorm: "attention.LayerNorm",
  inner: "intermediate.dense",
  outer: "output.dense",
  outerNorm: "output.LayerNorm",
};

/** @type {import("../contestant.mjs").Enter<import("../inputs/layer-inputs.mjs").LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const name = await startKindred();
  const { weights, x, bias, upstream } = layerInputs(setup);
  const tensor = (/** @type {import("../inputs/layer-inputs.mjs").Values} */ { values, shape }) =>
    /** @type {any} */ (tf.tensor(values, shape));
  const named = Object.fromEntries(Object.entries(weights).map(([weight, values]) => [weight, tensor(values)]));
  const inputs = { x: tensor(x), bias: tensor(bias), ...named };
  const dy = tensor(upstream);
  const layout = packed(setup.lengths);
  const options = { names, layout, heads: setup.heads, epsilon: 1e-5, bias: inputs.bias };
  const forward = () => postNormLayer(named, inputs.x, options);
  /** @type {Record<string, ArrayLike<number>>} */
  let read = {};
  return {
    name,
    measure: () => {
      for (let i = 0; i < setup.repeats; i++) {
        const { value, gradients } = valueAndGradients(forward, inputs, { upstream: dy });
        const results = /** @type {Record<string, tf.Tensor>} */ ({ value, ...gradients });
        read = Object.fromEntries(Object.entries(results).map(([key, result]) => [key, result.dataSync()]));
        tf.dispose(results);
      }
      return setup.repeats * layerGigaflop(setup);
    },
    sample: () =>
      strided([read["value"], read["x"], read["intermediate.dense.bias"], read["attention.attn.q.bias"]].map(given)),
  };
}

/** @param {ArrayLike<number> | undefined} values @returns {ArrayLike<number>} */
function given(values) {
  return values ?? [];
}
