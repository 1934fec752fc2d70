// jax-js on its wasm backend, which has one thread in Node.
import { productInputs } from "../inputs/product-inputs.mjs";
import { loadPeer, peerName } from "../peers/load.mjs";
import { strided } from "../strided.mjs";

/** @type {import("../contestant.mjs").Enter<import("../inputs/product-inputs.mjs").ProductSetup>} */
export default async function enter(setup) {
  const { init, defaultDevice, numpy: np } = await loadPeer("@jax-js/jax");
  await init("wasm");
  defaultDevice("wasm");
  const { left, right, gigaflop } = productInputs(setup);
  const [a, b] = [left, right].map(({ values, shape }) => np.array(values).reshape(shape));
  /** @type {ArrayLike<number>} */
  let product = [];
  return {
    name: peerName("@jax-js/jax"),
    measure: async () => {
      for (let i = 0; i < setup.repeats; i++) {
        // `.ref`: an operation consumes its operands.
        const [x, y] = [a.ref, b.ref];
        const result = np.matmul(setup.form === "TN" ? np.transpose(x) : x, setup.form === "NT" ? np.transpose(y) : y);
        product = await result.data();
      }
      return setup.repeats * gigaflop;
    },
    sample: () => strided([product]),
  };
}
