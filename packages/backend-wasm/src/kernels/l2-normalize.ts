import { l2NormalizeGradientOp, l2NormalizeOp } from "@kindred/nn";
import { kernelOf, matrixSizes } from "../kernel-call.ts";

/** Every row over its Euclidean norm. */
export const l2NormalizeKernel = kernelOf(l2NormalizeOp, ({ exports, input, output }, _, { epsilon }) => {
  const x = input("x");
  const y = output(x.shape);
  exports.l2Normalize(x.address, y.address, ...matrixSizes(x), epsilon ** 2);
  return y.info;
});

/** dx of it. */
export const l2NormalizeGradientKernel = kernelOf(
  l2NormalizeGradientOp,
  ({ exports, input, output }, _, { epsilon }) => {
    const x = input("x");
    const dx = output(x.shape);
    exports.l2NormalizeGradient(input("dy").address, x.address, dx.address, ...matrixSizes(x), epsilon ** 2);
    return dx.info;
  },
);
