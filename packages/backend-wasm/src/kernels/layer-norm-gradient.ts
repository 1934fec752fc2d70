import { layerNormGradientOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";

/** [dx, dgamma, dbeta] of layer norm, with or without a residual. */
export const layerNormGradientKernel = kernelOf(
  layerNormGradientOp,
  ({ exports, input, optional, output }, _, { epsilon }) => {
    const [dy, x, gamma] = [input("dy"), input("x"), input("gamma")];
    const [dx, dgamma, dbeta] = [output(x.shape), output(gamma.shape), output(gamma.shape)];
    exports["layerNormGradient"]!(
      ...[dy.address, x.address, optional("residual")?.address ?? 0, gamma.address],
      ...[dx.address, dgamma.address, dbeta.address, ...(x.shape as [number, number]), epsilon],
    );
    return [dx.info, dgamma.info, dbeta.info] as const;
  },
);
