// No tfjs here, not even through another package: stock tfjs runs in a process that has nothing else.
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
  const weights = Object.fromEntries(
    Object.entries(weightShapes(hidden, intermediate)).map(([name, shape]) => [name, random(name, shape, 0.05)]),
  );
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const longest = Math.max(...lengths);
  return {
    weights,
    x: random("x", [tokens, hidden]),
    upstream: random("upstream", [tokens, hidden]),
    bias: random("bias", [heads, 2 * longest - 1]),
    q: random("q", [tokens, hidden]),
    k: random("k", [tokens, hidden]),
    v: random("v", [tokens, hidden]),
  };
}

/** @param {number} hidden @param {number} intermediate @returns {Record<string, number[]>} */
function weightShapes(hidden, intermediate) {
  const linear = (/** @type {string} */ name, /** @type {number} */ out, /** @type {number} */ into) => ({
    [`${name}.weight`]: [out, into],
    [`${name}.bias`]: [out],
  });
  const norm = (/** @type {string} */ name) => ({ [`${name}.weight`]: [hidden], [`${name}.bias`]: [hidden] });
  return {
    ...linear("attention.attn.q", hidden, hidden),
    ...linear("attention.attn.k", hidden, hidden),
    ...linear("attention.attn.v", hidden, hidden),
    ...linear("attention.attn.o", hidden, hidden),
    ...norm("attention.LayerNorm"),
    ...linear("intermediate.dense", intermediate, hidden),
    ...linear("output.dense", hidden, intermediate),
    ...norm("output.LayerNorm"),
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
