import { columnSumsOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";

/** The sum of all rows. */
export const columnSumsKernel = kernelOf(columnSumsOp, ({ exports, input, output }) => {
  const x = input("x");
  const [rows, columns] = x.shape as [number, number];
  const sums = output([columns]);
  exports["columnSums"]!(x.address, rows, columns, sums.address);
  return sums.info;
});
