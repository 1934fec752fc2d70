import { addOp, scaleOp, sumOp } from "@kindred/nn";
import { elementCount, kernelOf } from "../kernel-call.ts";

/** x + y. */
export const addKernel = kernelOf(addOp, ({ exports, input, output }) => {
  const x = input("x");
  const sum = output(x.shape);
  exports.add(x.address, input("y").address, sum.address, elementCount(x));
  return sum.info;
});

/** factor·x. */
export const scaleKernel = kernelOf(scaleOp, ({ exports, input, output }, _, { factor }) => {
  const x = input("x");
  const y = output(x.shape);
  exports.scale(x.address, factor, y.address, elementCount(x));
  return y.info;
});

/** The sum of all elements. */
export const sumKernel = kernelOf(sumOp, ({ exports, input, output, heap }) => {
  const x = input("x");
  const total = output([]);
  new Float32Array(heap().buffer, total.address, 1)[0] = exports.sum(x.address, elementCount(x));
  return total.info;
});
