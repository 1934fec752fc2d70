import { addLayerNormOp, layerNormGradientOp, layerNormOp } from "@kindred/nn";
import { kernelOf, matrixSizes, type Operand, type Workspace } from "../kernel-call.ts";

/** gamma·(x − mean)/√(variance + epsilon) + beta, row by row. */
export const layerNormKernel = kernelOf(layerNormOp, (call, _, { epsilon }) => {
  return layerNorm(call, [call.input("x"), undefined, call.input("gamma"), call.input("beta")], epsilon);
});

/** The same of x + residual, which is never written out. */
export const addLayerNormKernel = kernelOf(addLayerNormOp, (call, _, { epsilon }) => {
  return layerNorm(call, [call.input("x"), call.input("residual"), call.input("gamma"), call.input("beta")], epsilon);
});

function layerNorm(
  { exports, output }: Workspace,
  [x, residual, gamma, beta]: [x: Operand, residual: Operand | undefined, gamma: Operand, beta: Operand],
  epsilon: number,
) {
  const y = output(x.shape);
  exports.layerNorm(
    ...[x.address, residual?.address ?? 0, gamma.address, beta.address, y.address],
    ...matrixSizes(x),
    epsilon,
  );
  return y.info;
}

/** [dx, dgamma, dbeta] of layer norm, with or without a residual. */
export const layerNormGradientKernel = kernelOf(
  layerNormGradientOp,
  ({ exports, input, optional, output }, _, { epsilon }) => {
    const [dy, x, gamma] = [input("dy"), input("x"), input("gamma")];
    const [dx, dgamma, dbeta] = [output(x.shape), output(gamma.shape), output(gamma.shape)];
    exports.layerNormGradient(
      ...[dy.address, x.address, optional("residual")?.address ?? 0, gamma.address],
      ...[dx.address, dgamma.address, dbeta.address],
      ...matrixSizes(x),
      epsilon,
    );
    return [dx.info, dgamma.info, dbeta.info] as const;
  },
);
