import { matmulOp, matmulTransposedOp, transposedMatmulOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = a·b. */
export const matmulKernel: Kernel = {
  name: matmulOp.op.name,
  run: (call) => multiply(call, call.input("a"), call.input("b")).info,
};

/** y = a·bᵀ. */
export const matmulTransposedKernel: Kernel = {
  name: matmulTransposedOp.op.name,
  run: (call) => multiply(call, call.input("a"), call.input("b"), { rightTransposed: true }).info,
};

/** y = aᵀ·b. */
export const transposedMatmulKernel: Kernel = {
  name: transposedMatmulOp.op.name,
  run: (call) => multiply(call, call.input("a"), call.input("b"), { leftTransposed: true }).info,
};
