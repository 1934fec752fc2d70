import { adamwNumber, adamwOp, sumOfSquaresOp } from "@kindred/nn";
import { elementCount, kernelOf } from "../kernel-call.ts";

/** One parameter's step of AdamW on the engine's own tensors; on arrays in shared memory see `wasmArrayKernels`. */
export const adamwKernel = kernelOf(adamwOp, ({ exports, input, output, heap }, _, { beta1, beta2, decays }) => {
  const [parameter, gradient, first, second] = [input("parameter"), input("gradient"), input("first"), input("second")];
  const [toParameter, toFirst, toSecond] = [output(parameter.shape), output(first.shape), output(second.shape)];
  const bytes = new DataView(heap().buffer);
  const at = (address: number, place = 0) => bytes.getFloat32(address + 4 * place, true);
  const [numbers, clip] = [input("numbers").address, at(input("clip").address)];
  const count = elementCount(parameter);
  if (!Number.isFinite(clip)) {
    for (const [to, from] of [
      [toParameter, parameter],
      [toFirst, first],
      [toSecond, second],
    ] as const)
      heap().copyWithin(to.address, from.address, from.address + 4 * count);
    return [toParameter.info, toFirst.info, toSecond.info] as const;
  }
  const factor = at(numbers, decays ? adamwNumber.decayedFactor : adamwNumber.factor);
  const kept = decays ? at(numbers, adamwNumber.kept) : 1;
  exports.adamw(
    ...([parameter.address, gradient.address, first.address, second.address] as const),
    ...([toParameter.address, toFirst.address, toSecond.address, count] as const),
    ...([clip, 1 - beta1, 1 - beta2, at(numbers, adamwNumber.epsilon), factor, kept] as const),
  );
  return [toParameter.info, toFirst.info, toSecond.info] as const;
});

/** Σ x², in float64, rounded once. */
export const sumOfSquaresKernel = kernelOf(sumOfSquaresOp, ({ exports, input, output, heap }) => {
  const x = input("x");
  const sum = output([]);
  const squares = exports.sumOfSquares(x.address, elementCount(x));
  new DataView(heap().buffer).setFloat32(sum.address, squares, true);
  return sum.info;
});
