import { adamw } from "@kindred/adamw";
import { engineFromModule } from "@kindred/tensor";
import { arrayStore, parameterViews, tensorStore } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";

// A store that main opens anew for each run, and steps of it: gradients and numbers in, the norm out.
export default async (core, { engine: module }) => {
  const engine = await (await engineFromModule(module)).start();
  let store;
  return {
    open: async ({ memory, optimizer, tensors = false, ...given }) => {
      if (store !== undefined) tf.dispose(Object.values(store.parameters));
      const options = { ...given, optimizer: adamw({ ...optimizer, learningRate: () => Number.NaN }) }; // numbers come from main
      const { specs, shards, parameters } = memory;
      store = tensors
        ? tensorStore(core, parameterViews(shards, parameters), { ...options, specs })
        : await arrayStore(core, memory, { ...options, engine });
    },
    step: ({ gradients, numbers }) => {
      tf.tidy(() => {
        for (const [name, { rows, values, shape }] of gradients) {
          store.add(name, rows === undefined ? tf.tensor1d(values) : { rows, values: tf.tensor(values, shape) });
        }
      });
      const { norm } = store.update(numbers);
      const [value] = norm.dataSync();
      norm.dispose();
      return value;
    },
    /** What this core's engine holds, by name. */
    read: () => Object.entries(store.parameters).map(([name, tensor]) => [name, tensor.dataSync().slice()]),
  };
};
