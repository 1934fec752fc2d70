import { type AttentionAttributes, attentionOp } from "@kindred/nn";
import { layoutBatch } from "@kindred/tensor";
import type { Kernel } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout-numbers.ts";
import { longestSentence, spanBytes, writeSpans } from "./layout-spans.ts";

/** Attention sentence by sentence and head by head: the scores of a few queries exist at a time. */
export const attentionKernel: Kernel = {
  name: attentionOp.op.name,
  run: ({ exports, attributes, input, scratch, output, heap }) => {
    const { layout, heads, dropout } = attributes as AttentionAttributes;
    const [q, k, v, bias] = [input("q"), input("k"), input("v"), input("bias")];
    const hidden = q.shape[1]!;
    const scratchBytes = exports["attentionScratchBytes"]!(longestSentence(layout), hidden / heads) >>> 0;
    const [spans, space] = scratch(spanBytes(layout), scratchBytes);
    const y = output(q.shape);
    writeSpans(heap(), spans, layout);
    if (layout.form === "padded") heap().fill(0, y.address, y.address + 4 * q.shape[0]! * hidden);
    exports["attention"]!(
      ...[q.address, k.address, v.address, bias.address, y.address, spans, layoutBatch(layout)],
      ...[hidden, heads, bias.shape[1]!, ...dropoutNumbers(dropout), space],
    );
    return y.info;
  },
};
