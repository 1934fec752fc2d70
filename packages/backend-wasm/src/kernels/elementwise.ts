import { addOp, scaleOp, sumOp } from "@kindred/nn";
import type { Kernel } from "../kernel-call.ts";
import { elementCount } from "./element-count.ts";

/** x + y. */
export const addKernel: Kernel = {
  name: addOp.op.name,
  run: ({ exports, input, output }) => {
    const x = input("x");
    const sum = output(x.shape);
    exports["add"]!(x.address, input("y").address, sum.address, elementCount(x.shape));
    return sum.info;
  },
};

/** factor·x. */
export const scaleKernel: Kernel = {
  name: scaleOp.op.name,
  run: ({ exports, attributes, input, output }) => {
    const x = input("x");
    const y = output(x.shape);
    exports["scale"]!(x.address, (attributes as { factor: number }).factor, y.address, elementCount(x.shape));
    return y.info;
  },
};

/** The sum of all elements. */
export const sumKernel: Kernel = {
  name: sumOp.op.name,
  run: ({ exports, input, output, heap }) => {
    const x = input("x");
    const total = output([]);
    new Float32Array(heap().buffer, total.address, 1)[0] = exports["sum"]!(x.address, elementCount(x.shape));
    return total.info;
  },
};
