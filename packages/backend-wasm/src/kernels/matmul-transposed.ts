import { matmulTransposedOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = a·bᵀ. */
export const matmulTransposedKernel: Kernel = {
  name: matmulTransposedOp.op.name,
  run: (call) => multiply(call, call.input("a"), call.input("b"), { rightTransposed: true }).info,
};
