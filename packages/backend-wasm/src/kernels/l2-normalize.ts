import { l2NormalizeGradientOp, l2NormalizeOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";

type Attributes = { readonly epsilon: number };

/** Every row over its Euclidean norm. */
export const l2NormalizeKernel: Kernel = {
  name: l2NormalizeOp.op.name,
  run: ({ exports, attributes, input, output }) => {
    const x = input("x");
    const y = output(x.shape);
    const least = (attributes as Attributes).epsilon ** 2;
    exports["l2Normalize"]!(x.address, y.address, ...(x.shape as [number, number]), least);
    return y.info;
  },
};

/** dx of it. */
export const l2NormalizeGradientKernel: Kernel = {
  name: l2NormalizeGradientOp.op.name,
  run: ({ exports, attributes, input, output }) => {
    const x = input("x");
    const dx = output(x.shape);
    const least = (attributes as Attributes).epsilon ** 2;
    const shape = x.shape as [number, number];
    exports["l2NormalizeGradient"]!(input("dy").address, x.address, dx.address, ...shape, least);
    return dx.info;
  },
};
