import { matmulOp, matmulTransposedOp, transposedMatmulOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = a·b. */
export const matmulKernel = kernelOf(matmulOp, (call) => multiply(call, call.input("a"), call.input("b")).info);

/** y = a·bᵀ. */
export const matmulTransposedKernel = kernelOf(matmulTransposedOp, (call) => {
  return multiply(call, call.input("a"), call.input("b"), { rightTransposed: true }).info;
});

/** y = aᵀ·b. */
export const transposedMatmulKernel = kernelOf(transposedMatmulOp, (call) => {
  return multiply(call, call.input("a"), call.input("b"), { leftTransposed: true }).info;
});
