import { columnSumsOp, linearOp, matmulOp, matmulTransposedOp, packWeightOp, transposedMatmulOp } from "@kindred/nn";
import { kernelOf, matrixSizes } from "../kernel-call.ts";
import { multiply } from "./multiply.ts";
import { multiplyFrozen } from "./multiply-frozen.ts";

/** y = x·weightᵀ + bias. */
export const linearKernel = kernelOf(linearOp, (call) => {
  const frozen = call.frozen("weight");
  if (frozen) return multiplyFrozen(call, call.input("x"), frozen, { bias: call.optional("bias") }).info;
  const options = { rightTransposed: true, bias: call.optional("bias") };
  return multiply(call, call.input("x"), call.input("weight"), options).info;
});

/** A weight in panels, [panels, in, lanes], that products read without packing it; a copy where panels do not divide it. */
export const packWeightKernel = kernelOf(packWeightOp, ({ exports, input, output, heap }) => {
  const weight = input("weight");
  const [out, inner] = matrixSizes(weight);
  const lanes = exports.panelColumns();
  if (out % lanes !== 0) {
    const copy = output(weight.shape);
    heap().copyWithin(copy.address, weight.address, weight.address + 4 * out * inner);
    return copy.info;
  }
  const packed = output([out / lanes, inner, lanes]);
  exports.packWeight(weight.address, out, inner, packed.address);
  return packed.info;
});

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

/** The sum of all rows. */
export const columnSumsKernel = kernelOf(columnSumsOp, ({ exports, input, output }) => {
  const x = input("x");
  const [rows, columns] = matrixSizes(x);
  const sums = output([columns]);
  exports.columnSums(x.address, rows, columns, sums.address);
  return sums.info;
});
