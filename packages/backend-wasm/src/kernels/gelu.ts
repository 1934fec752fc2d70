import { geluGradientOp, geluLinearGradientOp, geluLinearOp, geluOp } from "@kindred/nn";
import { elementCount, kernelOf } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";
import { multiplyFrozen } from "./multiply-frozen.ts";

/** x·Φ(x). */
export const geluKernel = kernelOf(geluOp, ({ exports, input, scratch, output }) => {
  const x = input("x");
  const [constants] = scratch(exports.geluConstantBytes());
  const y = output(x.shape);
  exports.writeGeluConstants(constants);
  exports.gelu(x.address, y.address, elementCount(x), constants);
  return y.info;
});

/** dy·(Φ(x) + x·φ(x)). */
export const geluGradientKernel = kernelOf(geluGradientOp, ({ exports, input, scratch, output }) => {
  const x = input("x");
  const [constants] = scratch(exports.geluConstantBytes());
  const dx = output(x.shape);
  exports.writeGeluConstants(constants);
  exports.geluGradient(input("dy").address, x.address, dx.address, elementCount(x), constants);
  return dx.info;
});

/** y = gelu(x)·weightᵀ + bias. GELU is applied to blocks of x as they are packed: its values are never stored. */
export const geluLinearKernel = kernelOf(geluLinearOp, (call) => {
  const [frozen, bias] = [call.frozen("weight"), call.optional("bias")];
  if (frozen) return multiplyFrozen(call, call.input("x"), frozen, { bias, activated: true }).info;
  const options = { rightTransposed: true, leftActivated: true, bias };
  return multiply(call, call.input("x"), call.input("weight"), options).info;
});

/** dx = (dy·weight)·gelu'(x), or dweight = dyᵀ·gelu(x). */
export const geluLinearGradientKernel = kernelOf(geluLinearGradientOp, (call, _, { by }) => {
  const [dy, x] = [call.input("dy"), call.input("x")];
  if (by === "weight") return multiply(call, dy, x, { leftTransposed: true, rightActivated: true }).info;
  return multiply(call, dy, call.input("weight"), { timesSlopeOf: x }).info;
});
