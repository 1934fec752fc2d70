import { mpnetConfig, weightNames } from "@kindred/mpnet";
import { childKey, keyFromSeed, normal } from "@kindred/random";

/** Sizes of a layer and the lengths of the sentences that go through it. */
/** @typedef {{ hidden: number, heads: number, intermediate: number, lengths: number[] }} LayerSetup */

/** @typedef {{ shape: number[], values: Float32Array }} Values */

/**
 * Random inputs of one encoder layer, the same on every side: hidden states, their upstream gradient, the position bias by distance, and
 * the layer's weights by the names they have below `encoder.layer.0.`, linear ones `[out, in]`.
 *
 * @param {LayerSetup} setup
 */
export function layerInputs({ hidden, heads, intermediate, lengths }) {
  const key = keyFromSeed("layer");
  const random = (/** @type {string} */ name, /** @type {number[]} */ shape, standardDeviation = 1) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { shape, values: normal(childKey(key, name), count, { standardDeviation }) };
  };
  const config = mpnetConfig({
    model_type: "mpnet",
    vocab_size: 8,
    hidden_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: 1,
    intermediate_size: intermediate,
  });
  const prefix = "encoder.layer.0.";
  const ofLayer = weightNames(config).filter(({ name }) => name.startsWith(prefix));
  const weights = Object.fromEntries(
    ofLayer.map(({ name, shape }) => [name.slice(prefix.length), random(name, [...shape], 0.05)]),
  );
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const longest = Math.max(...lengths);
  return {
    config,
    weights,
    tokens,
    longest,
    x: random("x", [tokens, hidden]),
    upstream: random("upstream", [tokens, hidden]),
    bias: random("bias", [heads, 2 * longest - 1]),
    q: random("q", [tokens, hidden]),
    k: random("k", [tokens, hidden]),
    v: random("v", [tokens, hidden]),
  };
}

/**
 * The arithmetic of attention forward and back, without what a kernel may compute twice: two products of every sentence forward,
 * four back.
 *
 * @param {LayerSetup} setup
 */
export function attentionGigaflop({ hidden, lengths }) {
  return lengths.reduce((sum, length) => sum + 6 * 2 * length * length * hidden, 0) / 1e9;
}

/**
 * The arithmetic of a layer forward and back: its linear maps (one product forward, two back) and attention.
 *
 * @param {LayerSetup} setup
 */
export function layerGigaflop(setup) {
  const { hidden, intermediate, lengths } = setup;
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const weights = 4 * hidden * hidden + 2 * hidden * intermediate;
  return (3 * 2 * tokens * weights) / 1e9 + attentionGigaflop(setup);
}
