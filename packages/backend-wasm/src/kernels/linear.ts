import { linearOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = x·weightᵀ + bias. */
export const linearKernel: Kernel = {
  name: linearOp.op.name,
  run: (call) => {
    const bias = call.optional("bias");
    return multiply(call, call.input("x"), call.input("weight"), { rightTransposed: true, ...(bias && { bias }) }).info;
  },
};
