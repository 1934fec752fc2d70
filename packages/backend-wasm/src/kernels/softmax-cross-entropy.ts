import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from "@kindred/nn";
import type { Kernel, KernelCall } from "../kernel-call.ts";

type Attributes = { readonly labels: Int32Array; readonly excluded?: Uint8Array };

/** ln Σ e^logits − logits[label], row by row. */
export const softmaxCrossEntropyKernel: Kernel = {
  name: softmaxCrossEntropyOp.op.name,
  run: (call) => {
    const logits = call.input("logits");
    const shape = logits.shape as [number, number];
    const [labels, excluded, space] = takePlaces(call);
    const loss = call.output([shape[0]]);
    const targets = writeTargets(call, [labels, excluded]);
    call.exports["softmaxCrossEntropy"]!(logits.address, ...targets, loss.address, ...shape, space);
    return loss.info;
  },
};

/** dy·(softmax − one at the label), row by row. */
export const softmaxCrossEntropyGradientKernel: Kernel = {
  name: softmaxCrossEntropyGradientOp.op.name,
  run: (call) => {
    const logits = call.input("logits");
    const shape = logits.shape as [number, number];
    const [labels, excluded, space] = takePlaces(call);
    const dlogits = call.output(shape);
    const targets = writeTargets(call, [labels, excluded]);
    call.exports["softmaxCrossEntropyGradient"]!(
      ...[call.input("dy").address, logits.address, ...targets, dlogits.address, ...shape, space],
    );
    return dlogits.info;
  },
};

function takePlaces({ attributes, exports, scratch }: KernelCall): [labels: number, excluded: number, space: number] {
  const { labels, excluded } = attributes as Attributes;
  return scratch(labels.byteLength, excluded?.byteLength ?? 0, exports["crossEntropyScratchBytes"]!());
}

/** Copies labels and exclusions into the heap; gives their addresses, 0 for no exclusions. */
function writeTargets({ attributes, heap }: KernelCall, [labelsAt, excludedAt]: [number, number]): [number, number] {
  const { labels, excluded } = attributes as Attributes;
  new Int32Array(heap().buffer, labelsAt, labels.length).set(labels);
  if (excluded === undefined) return [labelsAt, 0];
  heap().set(excluded, excludedAt);
  return [labelsAt, excludedAt];
}
