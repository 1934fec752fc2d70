import { adamw } from "@kindred/adamw";
import { DataError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";

// A parameter w of two numbers, and the loss (w · share) over all cores, whose gradient is the share.
export default ({ core, data }) => {
  if (data?.failAtStart) throw new DataError({ file: "model.json" }, "cannot start.");
  return {
    optimizer: adamw({ learningRate: () => Number.NaN }),
    step: (store, share) => {
      if (share === "throw") throw new DataError({ file: "pairs.jsonl", line: 7 }, `not JSON on core ${core.index}.`);
      if (share === "unknown") store.add("v", tf.tensor1d([1, 2]));
      const loss = tf.tidy(() => {
        const gradient = tf.tensor1d(share);
        store.add("w", gradient);
        return tf.sum(tf.mul(store.parameters.w, gradient));
      });
      const expect = (value) => {
        if (value > 100) throw new DataError({ file: "pairs.jsonl" }, `too large: ${value}.`);
      };
      return { loss, checks: [{ value: tf.scalar(share[0]), expect }] };
    },
    embed: ({ w }, batch) => tf.mul(w, batch),
  };
};
