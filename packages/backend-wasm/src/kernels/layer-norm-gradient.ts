import { type LayerNormOptions, layerNormGradientOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";

/** [dx, dgamma, dbeta] of layer norm, with or without a residual. */
export const layerNormGradientKernel: Kernel = {
  name: layerNormGradientOp.op.name,
  run: ({ exports, attributes, input, optional, output }) => {
    const { epsilon } = attributes as LayerNormOptions;
    const [dy, x, gamma] = [input("dy"), input("x"), input("gamma")];
    const results = [output(x.shape), output(gamma.shape), output(gamma.shape)];
    exports["layerNormGradient"]!(
      ...[dy.address, x.address, optional("residual")?.address ?? 0, gamma.address],
      ...results.map(({ address }) => address),
      ...[...(x.shape as [number, number]), epsilon],
    );
    return results.map(({ info }) => info);
  },
};
