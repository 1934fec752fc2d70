import { dropoutOp } from "@kindred/nn";
import { dropoutThreshold } from "@kindred/random";
import { kernelOf, matrixSizes } from "../kernel-call.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

/** Elements zeroed or scaled by a counter's word; padding becomes 0. Its own gradient. */
export const dropoutKernel = kernelOf(dropoutOp, ({ exports, input, scratch, output, heap }, data, fixed) => {
  const x = input("x");
  const [, hidden] = matrixSizes(x);
  const [spans] = scratch(spanBytes(fixed));
  const y = output(x.shape);
  writeSpans(heap(), spans, data, { ...fixed, clear: [y] });
  exports.dropout(x.address, y.address, spans, fixed.batch, hidden, ...dropoutNumbers(fixed.rate, data.key));
  return y.info;
});

/** Dropout as kernels take it: 1/(1 − rate), the least word that is kept, and the key; four zeros for none. */
export function dropoutNumbers(
  rate: number | undefined,
  key: Uint32Array | undefined,
): [kept: number, threshold: number, key0: number, key1: number] {
  const [key0, key1] = key ?? [];
  if (rate === undefined || key0 === undefined || key1 === undefined) return [0, 0, 0, 0];
  return [1 / (1 - rate), dropoutThreshold(rate), key0, key1];
}
