import { floatsFromSeed } from "@kindred/testing";
import { fromFloat32, type NamedTensor } from "@kindred/tensor-files";
import type { DenseConfig } from "../src/dense-config.ts";
import { denseWeights } from "../src/dense-weights.ts";

/** A dense layer after the toy model's pooling, and random weights for it. */
export function toyDense(changes: Partial<DenseConfig> = {}): {
  readonly layer: DenseConfig;
  readonly weights: (readonly [string, NamedTensor])[];
} {
  const layer: DenseConfig = {
    path: "2_Dense",
    inFeatures: 12,
    outFeatures: 5,
    bias: true,
    activation: "tanh",
    residual: false,
    ...changes,
  };
  const weights = denseWeights(layer).map(({ name, shape }, i) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, fromFloat32(floatsFromSeed(i + 1, size), shape)] as const;
  });
  return { layer, weights };
}
