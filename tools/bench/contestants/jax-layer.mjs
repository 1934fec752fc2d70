// A layer of MPNet in jax-js on its wasm backend, forward and back.
//
// As in tfjs-composite.mjs: sentence by sentence, so that nothing is padded, and the position bias as a matrix. Weights lie [out, in].
// Every use of an array but the last needs `.ref`; here every use has one, and what is left over is freed with the process.
import { biasMatrix } from "../inputs/bias-matrix.mjs";
import { layerGigaflop, layerInputs } from "../inputs/layer-inputs.mjs";
import { rowStarts } from "../inputs/row-starts.mjs";
import { loadPeer, peerName } from "../peers/load.mjs";
import { strided } from "../strided.mjs";

/** @typedef {import("../inputs/layer-inputs.mjs").LayerSetup} LayerSetup */

/** @type {import("../contestant.mjs").Enter<LayerSetup & { repeats: number }>} */
export default async function enter(setup) {
  const jax = await loadPeer("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { numpy: np } = jax;
  const { weights, x, bias, upstream } = layerInputs(setup);
  const array = (/** @type {import("../inputs/layer-inputs.mjs").Values} */ { values, shape }) =>
    np.array(values).reshape(shape);
  const inputs = {
    x: array(x),
    bias: array(biasMatrix(bias)),
    ...Object.fromEntries(Object.entries(weights).map(([weight, values]) => [weight, array(values)])),
  };
  const dy = array(upstream);
  const forwardAndBack = jax.jit(
    jax.valueAndGrad(
      (/** @type {Record<string, any>} */ given) => {
        const y = layer(jax, given, setup);
        return [np.sum(y.ref.mul(dy.ref)), y];
      },
      { hasAux: true },
    ),
  );
  /** @type {Record<string, ArrayLike<number>>} */
  let read = {};
  return {
    name: peerName("@jax-js/jax"),
    measure: async () => {
      for (let i = 0; i < setup.repeats; i++) {
        const [[sum, value], gradients] = forwardAndBack(jax.tree.ref(inputs));
        await sum.data();
        read = { value: await value.data() };
        for (const [name, gradient] of Object.entries(gradients))
          read[name] = await /** @type {any} */ (gradient).data();
      }
      return setup.repeats * layerGigaflop(setup);
    },
    sample: () =>
      strided(["value", "x", "intermediate.dense.bias", "attention.attn.q.bias"].map((name) => read[name] ?? [])),
  };
}

/**
 * @param {any} jax
 * @param {Record<string, any>} given
 * @param {LayerSetup} setup
 */
function layer({ numpy: np, nn, lax }, given, { hidden, heads, lengths }) {
  const use = (/** @type {string} */ name) => given[name].ref;
  const linear = (/** @type {any} */ input, /** @type {string} */ name) =>
    np.matmul(input, np.transpose(use(`${name}.weight`))).add(use(`${name}.bias`));
  const norm = (/** @type {any} */ input, /** @type {string} */ name) => {
    const centred = input.ref.sub(np.mean(input, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(1e-5)))
      .mul(use(`${name}.weight`))
      .add(use(`${name}.bias`));
  };
  const size = hidden / heads;
  const starts = rowStarts(lengths);
  const [q, k, v] = ["q", "k", "v"].map((part) => linear(use("x"), `attention.attn.${part}`));
  const mixed = lengths.map((length, i) => {
    const rows = [starts[i], /** @type {number} */ (starts[i]) + length];
    const split = (/** @type {any} */ array) =>
      np.transpose(array.ref.slice(rows, []).reshape([length, heads, size]), [1, 0, 2]);
    const scores = np.matmul(split(q), np.transpose(split(k), [0, 2, 1])).mul(1 / Math.sqrt(size));
    const weights = nn.softmax(scores.add(use("bias").slice([], [0, length], [0, length])), -1);
    return np.transpose(np.matmul(weights, split(v)), [1, 0, 2]).reshape([length, hidden]);
  });
  const attended = norm(linear(np.concatenate(mixed, 0), "attention.attn.o").add(use("x")), "attention.LayerNorm");
  const wide = linear(attended.ref, "intermediate.dense");
  const active = wide.ref.mul(0.5).mul(lax.erf(wide.mul(Math.SQRT1_2)).add(1));
  return norm(linear(active, "output.dense").add(attended), "output.LayerNorm");
}
