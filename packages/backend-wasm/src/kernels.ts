import type { Kernel } from "./kernel-call.ts";
import { linearKernel } from "./kernels/linear.ts";
import { matmulTransposedKernel } from "./kernels/matmul-transposed.ts";

/** Every kernel of this package, by the op it implements. A new one is added here. */
export const kernels: readonly Kernel[] = [linearKernel, matmulTransposedKernel];
