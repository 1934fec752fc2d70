import { type DropoutOptions, dropoutOp } from "@kindred/nn";
import { layoutBatch } from "@kindred/tensor";
import type { Kernel } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout-numbers.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

/** Elements zeroed or scaled by a counter's word; padding becomes 0. Its own gradient. */
export const dropoutKernel: Kernel = {
  name: dropoutOp.op.name,
  run: ({ exports, attributes, input, scratch, output, heap }) => {
    const { layout, ...dropout } = attributes as DropoutOptions;
    const x = input("x");
    const [rows, hidden] = x.shape as [number, number];
    const [spans] = scratch(spanBytes(layout));
    const y = output(x.shape);
    writeSpans(heap(), spans, layout);
    if (layout.form === "padded") heap().fill(0, y.address, y.address + 4 * rows * hidden);
    exports["dropout"]!(x.address, y.address, spans, layoutBatch(layout), hidden, ...dropoutNumbers(dropout));
    return y.info;
  },
};
