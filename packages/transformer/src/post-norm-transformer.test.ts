import { initialParameters } from "@kindred/encoder";
import { keyFromSeed } from "@kindred/random";
import { cpu, packed } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { postNormLayer, postNormLayerSpecs } from "./post-norm-transformer.ts";

const names = {
  ...{ query: "q", key: "k", value: "v", attended: "o", attendedNorm: "n1" },
  ...{ inner: "up", outer: "down", outerNorm: "n2" },
};

test("what attention gives is dropped as other elements are, unless its own share is said", async () => {
  await cpu().start();
  const specs = postNormLayerSpecs(names, { hidden: 8, intermediate: 16, deviation: 0.5 });
  const parameters = Object.fromEntries(
    Object.entries(initialParameters(specs, keyFromSeed(1))).map(([name, { values, shape }]) => {
      // The second half adds nothing, so that nothing can be dropped there.
      return [name, tf.tensor(name === "down.weight" ? values.fill(0) : values, [...shape])] as const;
    }),
  );
  const x = tf.tensor2d(
    Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    [3, 8],
  );
  const states = (rates?: { readonly hidden: number; readonly attended?: number }) => {
    const dropout = rates && { dropout: { ...rates, attention: 0, key: keyFromSeed(2) } };
    const options = { names, layout: packed([3]), heads: 2, epsilon: 1e-12, ...dropout };
    return Array.from(postNormLayer(parameters, x, options).dataSync());
  };
  expect(states({ hidden: 0.5, attended: 0 })).toEqual(states());
  expect(states({ hidden: 0.5 })).not.toEqual(states());
  expect(states({ hidden: 0.5, attended: 0.5 })).toEqual(states({ hidden: 0.5 }));
  expect(states({ hidden: 0, attended: 0.5 })).toEqual(states({ hidden: 0.5 }));
});
