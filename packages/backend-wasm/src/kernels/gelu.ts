import { geluGradientOp, geluOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";
import { elementCount } from "./element-count.ts";

/** x·Φ(x). */
export const geluKernel = kernelOf(geluOp, ({ exports, input, scratch, output }) => {
  const x = input("x");
  const [constants] = scratch(exports["geluConstantBytes"]!());
  const y = output(x.shape);
  exports["writeGeluConstants"]!(constants);
  exports["gelu"]!(x.address, y.address, elementCount(x.shape), constants);
  return y.info;
});

/** dy·(Φ(x) + x·φ(x)), from x alone. */
export const geluGradientKernel = kernelOf(geluGradientOp, ({ exports, input, scratch, output }) => {
  const x = input("x");
  const [constants] = scratch(exports["geluConstantBytes"]!());
  const dx = output(x.shape);
  exports["writeGeluConstants"]!(constants);
  exports["geluGradient"]!(input("dy").address, x.address, dx.address, elementCount(x.shape), constants);
  return dx.info;
});
