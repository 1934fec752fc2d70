import { attentionGradientOp, attentionOp } from "@kindred/nn";
import { kernelOf, matrixSizes } from "../kernel-call.ts";
import { dropoutNumbers } from "./dropout.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

/** Attention sentence by sentence and head by head: the scores of a few queries exist at a time. */
export const attentionKernel = kernelOf(attentionOp, ({ exports, input, scratch, output, heap }, data, fixed) => {
  const { batch, longest, heads, rate } = fixed;
  const [q, k, v, bias] = [input("q"), input("k"), input("v"), input("bias")];
  const [[, hidden], [, distances]] = [matrixSizes(q), matrixSizes(bias)];
  const scratchBytes = exports.attentionScratchBytes(longest, hidden / heads) >>> 0;
  const [spans, space] = scratch(spanBytes(fixed), scratchBytes);
  const y = output(q.shape);
  writeSpans(heap(), spans, data, { ...fixed, clear: [y] });
  exports.attention(
    ...[q.address, k.address, v.address, bias.address, y.address],
    ...[spans, batch, hidden, heads, distances],
    ...dropoutNumbers(rate, data.key),
    space,
  );
  return y.info;
});

/** [dq, dk, dv, dbias] of attention, its weights computed and its mask drawn again. */
export const attentionGradientKernel = kernelOf(
  attentionGradientOp,
  ({ exports, input, scratch, output, heap }, data, fixed) => {
    const { batch, longest, heads, rate } = fixed;
    const [dy, q, k, v, bias] = [input("dy"), input("q"), input("k"), input("v"), input("bias")];
    const [[, hidden], [, distances]] = [matrixSizes(q), matrixSizes(bias)];
    const scratchBytes = exports.attentionGradientScratchBytes(longest, hidden / heads) >>> 0;
    const [spans, space] = scratch(spanBytes(fixed), scratchBytes);
    const [dq, dk, dv, dbias] = [output(q.shape), output(k.shape), output(v.shape), output(bias.shape)];
    writeSpans(heap(), spans, data, { ...fixed, clear: [dq, dk, dv] });
    exports.attentionGradient(
      ...[dy.address, q.address, k.address, v.address, bias.address],
      ...[dq.address, dk.address, dv.address, dbias.address],
      ...[spans, batch, hidden, heads, distances],
      ...dropoutNumbers(rate, data.key),
      space,
    );
    return [dq.info, dk.info, dv.info, dbias.info] as const;
  },
);
