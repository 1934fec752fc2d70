import { columnSumsOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";

/** The sum of all rows. */
export const columnSumsKernel: Kernel = {
  name: columnSumsOp.op.name,
  run: ({ exports, input, output }) => {
    const x = input("x");
    const [rows, columns] = x.shape as [number, number];
    const sums = output([columns]);
    exports["columnSums"]!(x.address, rows, columns, sums.address);
    return sums.info;
  },
};
