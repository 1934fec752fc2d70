import { dropoutOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout-numbers.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

/** Elements zeroed or scaled by a counter's word; padding becomes 0. Its own gradient. */
export const dropoutKernel = kernelOf(dropoutOp, ({ exports, input, scratch, output, heap }, data, fixed) => {
  const x = input("x");
  const [spans] = scratch(spanBytes(fixed));
  const y = output(x.shape);
  writeSpans(heap(), spans, data, { ...fixed, clear: [y] });
  const numbers = dropoutNumbers(fixed.rate, data.key);
  exports["dropout"]!(x.address, y.address, spans, fixed.batch, x.shape[1]!, ...numbers);
  return y.info;
});
