// A layer of Kindred's MPNet, forward and back, with the gradients of its input, its weights and the position bias.
import { mpnetConfig } from "@kindred/mpnet";
import { packed, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
// The layer is no export of the package, whose public unit is the whole encoder.
import { mpnetLayer } from "../../../packages/mpnet/dist/mpnet-layer.js";
import { layerGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { startKindred } from "../start-kindred.mjs";
import { strided } from "../strided.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/layer-inputs.mjs").LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const name = await startKindred();
  const config = mpnetConfig({
    model_type: "mpnet",
    hidden_size: setup.hidden,
    num_attention_heads: setup.heads,
    intermediate_size: setup.intermediate,
    layer_norm_eps: 1e-5,
  });
  const { weights, x, bias, upstream } = layerInputs(setup);
  const tensor = (/** @type {import("../inputs/layer-inputs.mjs").Values} */ { values, shape }) =>
    /** @type {any} */ (tf.tensor(values, shape));
  const named = Object.fromEntries(Object.entries(weights).map(([weight, values]) => [weight, tensor(values)]));
  const inputs = { x: tensor(x), bias: tensor(bias), ...named };
  const dy = tensor(upstream);
  const layout = packed(setup.lengths);
  const tree = layerTree(named);
  const forward = () => mpnetLayer(tree, inputs.x, { config, layout, bias: inputs.bias });
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

/**
 * Weights by dotted names as a tree.
 *
 * @param {Record<string, unknown>} named
 * @returns {any}
 */
function layerTree(named) {
  /** @type {any} */
  const tree = {};
  for (const [name, weight] of Object.entries(named)) {
    const path = name.split(".");
    const last = path.pop() ?? "";
    let branch = tree;
    for (const step of path) branch = branch[step] ??= {};
    branch[last] = weight;
  }
  return tree;
}

/** @param {ArrayLike<number> | undefined} values @returns {ArrayLike<number>} */
function given(values) {
  return values ?? [];
}
