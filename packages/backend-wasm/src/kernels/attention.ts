import { attentionOp } from "@kindred/nn";
import { kernelOf } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout-numbers.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

/** Attention sentence by sentence and head by head: the scores of a few queries exist at a time. */
export const attentionKernel = kernelOf(attentionOp, ({ exports, input, scratch, output, heap }, data, fixed) => {
  const { batch, longest, heads, rate } = fixed;
  const [q, k, v, bias] = [input("q"), input("k"), input("v"), input("bias")];
  const hidden = q.shape[1]!;
  const scratchBytes = exports["attentionScratchBytes"]!(longest, hidden / heads) >>> 0;
  const [spans, space] = scratch(spanBytes(fixed), scratchBytes);
  const y = output(q.shape);
  writeSpans(heap(), spans, data, { ...fixed, clear: [y] });
  exports["attention"]!(
    ...[q.address, k.address, v.address, bias.address, y.address, spans, batch],
    ...[hidden, heads, bias.shape[1]!, ...dropoutNumbers(rate, data.key), space],
  );
  return y.info;
});
