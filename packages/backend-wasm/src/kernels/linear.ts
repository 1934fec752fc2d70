import { linearOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";

/** y = x·weightᵀ + bias. */
export const linearKernel: Kernel = {
  name: linearOp.op.name,
  run: (call) => {
    return multiply(call, call.input("x"), call.input("weight"), { rightTransposed: true, bias: call.optional("bias") })
      .info;
  },
};
