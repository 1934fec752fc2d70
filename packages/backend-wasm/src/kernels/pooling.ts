import { meanPoolOp, weightedPoolGradientOp, segmentMaxGradientOp, segmentMaxOp, weightedPoolOp } from "@kindred/nn";
import { layoutBatch, layoutRowCount, type SequenceLayout } from "@kindred/tensor";
import type { Kernel, KernelCall } from "../kernel-call.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

type Attributes = { readonly layout: SequenceLayout; readonly weights?: Float32Array };

/** The mean of every sentence's rows. */
export const meanPoolKernel: Kernel = { name: meanPoolOp.op.name, run: pool };

/** The weighted sum of every sentence's rows. */
export const weightedPoolKernel: Kernel = { name: weightedPoolOp.op.name, run: pool };

function pool(call: KernelCall) {
  const { layout, weights } = call.attributes as Attributes;
  const x = call.input("x");
  const [spans, weightsAt] = call.scratch(spanBytes(layout), weights?.byteLength ?? 0);
  const y = call.output([layoutBatch(layout), x.shape[1]!]);
  writeSpans(call.heap(), spans, layout);
  const at = writeWeights(call, weightsAt, weights);
  call.exports["pool"]!(x.address, at, y.address, spans, layoutBatch(layout), x.shape[1]!);
  return y.info;
}

/** Every row its sentence's, times its weight. */
export const poolGradientKernel: Kernel = {
  name: weightedPoolGradientOp.op.name,
  run: (call) => {
    const { layout, weights } = call.attributes as Attributes;
    const dy = call.input("dy");
    const hidden = dy.shape[1]!;
    const [spans, weightsAt] = call.scratch(spanBytes(layout), weights?.byteLength ?? 0);
    const dx = call.output([layoutRowCount(layout), hidden]);
    writeSpans(call.heap(), spans, layout);
    const at = writeWeights(call, weightsAt, weights);
    clearPadding(call, dx, layout);
    call.exports["poolGradient"]!(dy.address, at, dx.address, spans, layoutBatch(layout), hidden);
    return dx.info;
  },
};

/** The largest value of every feature in every sentence. */
export const segmentMaxKernel: Kernel = {
  name: segmentMaxOp.op.name,
  run: (call) => {
    const { layout } = call.attributes as Attributes;
    const x = call.input("x");
    const [spans] = call.scratch(spanBytes(layout));
    const y = call.output([layoutBatch(layout), x.shape[1]!]);
    writeSpans(call.heap(), spans, layout);
    call.exports["segmentMax"]!(x.address, y.address, spans, layoutBatch(layout), x.shape[1]!);
    return y.info;
  },
};

/** dy to the first token that has the largest value. */
export const segmentMaxGradientKernel: Kernel = {
  name: segmentMaxGradientOp.op.name,
  run: (call) => {
    const { layout } = call.attributes as Attributes;
    const [dy, x] = [call.input("dy"), call.input("x")];
    const [spans] = call.scratch(spanBytes(layout));
    const dx = call.output(x.shape);
    writeSpans(call.heap(), spans, layout);
    clearPadding(call, dx, layout);
    call.exports["segmentMaxGradient"]!(dy.address, x.address, dx.address, spans, layoutBatch(layout), x.shape[1]!);
    return dx.info;
  },
};

function writeWeights({ heap }: KernelCall, at: number, weights: Float32Array | undefined): number {
  if (weights === undefined) return 0;
  new Float32Array(heap().buffer, at, weights.length).set(weights);
  return at;
}

function clearPadding(
  { heap }: KernelCall,
  { address, shape }: { readonly address: number; readonly shape: readonly number[] },
  layout: SequenceLayout,
): void {
  if (layout.form === "padded") heap().fill(0, address, address + 4 * shape[0]! * shape[1]!);
}
