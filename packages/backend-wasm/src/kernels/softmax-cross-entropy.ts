import { type SoftmaxCrossEntropyData, softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from "@kindred/nn";
import { kernelOf, matrixSizes, type Workspace } from "../kernel-call.ts";

/** ln Σ e^logits − logits[label], row by row. */
export const softmaxCrossEntropyKernel = kernelOf(softmaxCrossEntropyOp, (call, data) => {
  const logits = call.input("logits");
  const [rows, columns] = matrixSizes(logits);
  const [labels, excluded, space] = takePlaces(call, data);
  const loss = call.output([rows]);
  const targets = writeTargets(call, data, [labels, excluded]);
  call.exports.softmaxCrossEntropy(logits.address, ...targets, loss.address, rows, columns, space);
  return loss.info;
});

/** dy·(softmax − one at the label), row by row. */
export const softmaxCrossEntropyGradientKernel = kernelOf(softmaxCrossEntropyGradientOp, (call, data) => {
  const logits = call.input("logits");
  const [rows, columns] = matrixSizes(logits);
  const [labels, excluded, space] = takePlaces(call, data);
  const dlogits = call.output(logits.shape);
  const targets = writeTargets(call, data, [labels, excluded]);
  call.exports.softmaxCrossEntropyGradient(
    ...[call.input("dy").address, logits.address, ...targets, dlogits.address, rows, columns, space],
  );
  return dlogits.info;
});

function takePlaces(
  { exports, scratch }: Workspace,
  { labels, excluded }: SoftmaxCrossEntropyData,
): [labels: number, excluded: number, space: number] {
  return scratch(labels.byteLength, excluded?.byteLength ?? 0, exports.crossEntropyScratchBytes());
}

/** Copies labels and exclusions into the heap; gives their addresses, 0 for no exclusions. */
function writeTargets(
  { heap }: Workspace,
  { labels, excluded }: SoftmaxCrossEntropyData,
  [labelsAt, excludedAt]: [number, number],
): [number, number] {
  new Int32Array(heap().buffer, labelsAt, labels.length).set(labels);
  if (excluded === undefined) return [labelsAt, 0];
  heap().set(excluded, excludedAt);
  return [labelsAt, excludedAt];
}
