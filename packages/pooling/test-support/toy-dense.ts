import { floatsFromSeed } from "@kindred/testing";
import { denseSpecs } from "../src/dense.ts";
import type { DenseConfig } from "../src/dense-config.ts";

/** A dense layer from 12 to 5 features, and random values for its parameters. */
export function toyDense(changes: Partial<DenseConfig> = {}) {
  const layer: DenseConfig = {
    path: "2_Dense",
    inFeatures: 12,
    outFeatures: 5,
    bias: true,
    activation: "tanh",
    residual: false,
    ...changes,
  };
  const weights = denseSpecs(layer).map(({ name, shape }, i) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { name, shape, values: floatsFromSeed(i + 1, size) };
  });
  return { layer, weights };
}
