import type { WeightShape } from "@kindred/mpnet";
import type { DenseConfig } from "./dense-config.ts";

/** The weights of a dense layer: names that begin with its folder, as `2_Dense.linear.weight`, and shapes. */
export function denseWeights({ path, inFeatures, outFeatures, bias, residual }: DenseConfig): WeightShape[] {
  return [
    { name: `${path}.linear.weight`, shape: [outFeatures, inFeatures] },
    ...(bias ? [{ name: `${path}.linear.bias`, shape: [outFeatures] }] : []),
    ...(residual && inFeatures !== outFeatures
      ? [{ name: `${path}.residual.weight`, shape: [outFeatures, inFeatures] }]
      : []),
  ];
}
