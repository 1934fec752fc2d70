// MPNet's attention and layer as one writes them in stock tfjs, in the form that favours it.
//
// * Weights lie [in, out], as in tf.layers: the forward products are then plain ones, tfjs's fast path.
// * Sentences are computed one by one, so that nothing is padded.
// * The position bias is a matrix given from outside; its gradient stays a matrix, since tfjs-wasm has no kernel to sum it by distance.
import { rowStarts } from "./inputs/row-starts.mjs";

/** @typedef {import("./inputs/layer-inputs.mjs").LayerSetup} LayerSetup */

/**
 * Attention of packed rows, sentence by sentence.
 *
 * @param {any} tf
 * @param {{ q: any, k: any, v: any, bias: any }} tensors
 * @param {LayerSetup} setup
 */
export function attention(tf, { q, k, v, bias }, { hidden, heads, lengths }) {
  const size = hidden / heads;
  const starts = rowStarts(lengths);
  return tf.concat(
    lengths.map((length, i) => {
      const split = (/** @type {any} */ x) =>
        tf.transpose(tf.reshape(tf.slice(x, [starts[i], 0], [length, hidden]), [length, heads, size]), [1, 0, 2]);
      const scores = tf.add(
        tf.mul(tf.matMul(split(q), split(k), false, true), 1 / Math.sqrt(size)),
        tf.slice(bias, [0, 0, 0], [heads, length, length]),
      );
      return tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), split(v)), [1, 0, 2]), [length, hidden]);
    }),
    0,
  );
}

/**
 * One layer of MPNet.
 *
 * @param {any} tf
 * @param {{ x: any, bias: any, weights: Record<string, any> }} tensors weights by name, linear ones [in, out]
 * @param {LayerSetup} setup
 */
export function layer(tf, { x, bias, weights }, setup) {
  const linear = (/** @type {any} */ input, /** @type {string} */ name) =>
    tf.add(tf.matMul(input, weights[`${name}.weight`]), weights[`${name}.bias`]);
  const norm = (/** @type {any} */ input, /** @type {string} */ name) => {
    const { mean, variance } = tf.moments(input, -1, true);
    const unit = tf.mul(tf.sub(input, mean), tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(unit, weights[`${name}.weight`]), weights[`${name}.bias`]);
  };
  const [q, k, v] = ["q", "k", "v"].map((part) => linear(x, `attention.attn.${part}`));
  const mixed = linear(attention(tf, { q, k, v, bias }, setup), "attention.attn.o");
  const attended = norm(tf.add(mixed, x), "attention.LayerNorm");
  const wide = linear(attended, "intermediate.dense");
  const active = tf.mul(tf.mul(wide, 0.5), tf.add(tf.erf(tf.mul(wide, Math.SQRT1_2)), 1));
  return norm(tf.add(linear(active, "output.dense"), attended), "output.LayerNorm");
}
