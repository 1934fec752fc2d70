import {
  meanPoolGradientOp,
  meanPoolOp,
  segmentMaxGradientOp,
  segmentMaxOp,
  weightedPoolGradientOp,
  weightedPoolOp,
} from "@kindred/nn";
import type { LayoutData, LayoutFixed } from "@kindred/tensor";
import { kernelOf, matrixSizes, type Operand, type Workspace } from "../kernel-call.ts";
import { spanBytes, writeSpans } from "./layout-spans.ts";

type PoolData = LayoutData & { readonly weights?: Float32Array };

/** The mean of every sentence's rows. */
export const meanPoolKernel = kernelOf(meanPoolOp, (call, data, fixed) => pool(call, call.input("x"), data, fixed));

/** The weighted sum of every sentence's rows. */
export const weightedPoolKernel = kernelOf(weightedPoolOp, (call, data, fixed) =>
  pool(call, call.input("x"), data, fixed),
);

function pool(call: Workspace, x: Operand, data: PoolData, fixed: LayoutFixed) {
  const [, hidden] = matrixSizes(x);
  const [spans, weightsAt] = call.scratch(spanBytes(fixed), data.weights?.byteLength ?? 0);
  const y = call.output([fixed.batch, hidden]);
  writeSpans(call.heap(), spans, data, fixed);
  const at = writeWeights(call, weightsAt, data.weights);
  call.exports.pool(x.address, at, y.address, spans, fixed.batch, hidden);
  return y.info;
}

/** Every row its sentence's, divided by its length. */
export const meanPoolGradientKernel = kernelOf(meanPoolGradientOp, (call, data, fixed) =>
  poolGradient(call, call.input("dy"), data, fixed),
);

/** Every row its sentence's, times its weight. */
export const weightedPoolGradientKernel = kernelOf(weightedPoolGradientOp, (call, data, fixed) =>
  poolGradient(call, call.input("dy"), data, fixed),
);

function poolGradient(call: Workspace, dy: Operand, data: PoolData, fixed: LayoutFixed) {
  const [, hidden] = matrixSizes(dy);
  const [spans, weightsAt] = call.scratch(spanBytes(fixed), data.weights?.byteLength ?? 0);
  const dx = call.output([fixed.rows, hidden]);
  writeSpans(call.heap(), spans, data, { ...fixed, clear: [dx] });
  const at = writeWeights(call, weightsAt, data.weights);
  call.exports.poolGradient(dy.address, at, dx.address, spans, fixed.batch, hidden);
  return dx.info;
}

/** The largest value of every feature in every sentence. */
export const segmentMaxKernel = kernelOf(segmentMaxOp, ({ exports, input, scratch, output, heap }, data, fixed) => {
  const x = input("x");
  const [, hidden] = matrixSizes(x);
  const [spans] = scratch(spanBytes(fixed));
  const y = output([fixed.batch, hidden]);
  writeSpans(heap(), spans, data, fixed);
  exports.segmentMax(x.address, y.address, spans, fixed.batch, hidden);
  return y.info;
});

/** dy to the first token that has the largest value. */
export const segmentMaxGradientKernel = kernelOf(
  segmentMaxGradientOp,
  ({ exports, input, scratch, output, heap }, data, fixed) => {
    const [dy, x] = [input("dy"), input("x")];
    const [, hidden] = matrixSizes(x);
    const [spans] = scratch(spanBytes(fixed));
    const dx = output(x.shape);
    writeSpans(heap(), spans, data, { ...fixed, clear: [dx] });
    exports.segmentMaxGradient(dy.address, x.address, dx.address, spans, fixed.batch, hidden);
    return dx.info;
  },
);

function writeWeights({ heap }: Workspace, at: number, weights: Float32Array | undefined): number {
  if (weights === undefined) return 0;
  new Float32Array(heap().buffer, at, weights.length).set(weights);
  return at;
}
