import { type AttentionAttributes, attentionGradientOp } from "@kindred/nn";
import { layoutBatch } from "@kindred/tensor";
import type { Kernel } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout-numbers.ts";
import { longestSentence, spanBytes, writeSpans } from "./layout-spans.ts";

/** [dq, dk, dv, dbias] of attention, its weights computed and its mask drawn again. */
export const attentionGradientKernel: Kernel = {
  name: attentionGradientOp.op.name,
  run: ({ exports, attributes, input, scratch, output, heap }) => {
    const { layout, heads, dropout } = attributes as AttentionAttributes;
    const [dy, q, k, v, bias] = [input("dy"), input("q"), input("k"), input("v"), input("bias")];
    const hidden = q.shape[1]!;
    const scratchBytes = exports["attentionGradientScratchBytes"]!(longestSentence(layout), hidden / heads) >>> 0;
    const [spans, space] = scratch(spanBytes(layout), scratchBytes);
    const gradients = [output(q.shape), output(k.shape), output(v.shape)];
    const dbias = output(bias.shape);
    writeSpans(heap(), spans, layout);
    if (layout.form === "padded") {
      for (const { address } of gradients) heap().fill(0, address, address + 4 * q.shape[0]! * hidden);
    }
    exports["attentionGradient"]!(
      ...[dy.address, q.address, k.address, v.address, bias.address],
      ...[...gradients, dbias].map(({ address }) => address),
      ...[spans, layoutBatch(layout), hidden, heads, bias.shape[1]!, ...dropoutNumbers(dropout), space],
    );
    return [...gradients, dbias].map(({ info }) => info);
  },
};
