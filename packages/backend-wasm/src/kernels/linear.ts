import { linearOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = x·weightᵀ + bias. */
export const linearKernel = kernelOf(linearOp, (call) => {
  const options = { rightTransposed: true, bias: call.optional("bias") };
  return multiply(call, call.input("x"), call.input("weight"), options).info;
});
