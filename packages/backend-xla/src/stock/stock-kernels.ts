import { elementwiseKernels } from "./elementwise.ts";
import { indexingKernels } from "./indexing.ts";
import { movementKernels } from "./movements.ts";
import { reductionKernels } from "./reductions.ts";
import type { StockKernel } from "./stock-kernel.ts";

/** tfjs's own kernels that are recorded: all that have gradients, what gradients call, and what a loss may want besides. */
export const stockKernels: readonly StockKernel[] = [
  ...elementwiseKernels,
  ...reductionKernels,
  ...movementKernels,
  ...indexingKernels,
];
