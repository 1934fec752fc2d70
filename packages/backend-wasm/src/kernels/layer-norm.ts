import { addLayerNormOp, type LayerNormOptions, layerNormOp } from "@kindred/nn";
import type { Kernel, KernelCall } from "../kernel-call.ts";

/** gamma·(x − mean)/√(variance + epsilon) + beta, row by row. */
export const layerNormKernel: Kernel = { name: layerNormOp.op.name, run: layerNorm };

/** The same of x + residual, which is never written out. */
export const addLayerNormKernel: Kernel = { name: addLayerNormOp.op.name, run: layerNorm };

function layerNorm({ exports, attributes, input, optional, output }: KernelCall) {
  const { epsilon } = attributes as LayerNormOptions;
  const x = input("x");
  const y = output(x.shape);
  exports["layerNorm"]!(
    ...[x.address, optional("residual")?.address ?? 0, input("gamma").address, input("beta").address, y.address],
    ...[...(x.shape as [number, number]), epsilon],
  );
  return y.info;
}
