import { addLayerNormOp, layerNormOp } from "@kindred/nn";
import { kernelOf, type Operand, type Workspace } from "../kernel-call.ts";

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
  exports["layerNorm"]!(
    ...[x.address, residual?.address ?? 0, gamma.address, beta.address, y.address],
    ...[...(x.shape as [number, number]), epsilon],
  );
  return y.info;
}
