import { finiteDifferences } from "./finite-differences.ts";
import { numbersOf, type OpCase } from "./op-case.ts";
import { weightsOfOutput } from "./op-evaluation.ts";
import type { AnyOpLaw } from "./op-law.ts";

// Of a large input this many elements are tried, others in every call: each costs two runs of the reference.
const tried = 16;

/**
 * The gradient by one input of the weighted sum of a reference's outputs, by central differences; NaN for elements that were not
 * tried.
 */
export function referenceGradient(
  reference: AnyOpLaw["reference"],
  { inputs, data, fixed }: OpCase<object, object>,
  { name, seed }: { readonly name: string; readonly seed: number },
): Float64Array {
  const numbers = numbersOf(inputs);
  const differentiated = numbers[name];
  if (differentiated === undefined) throw new Error(`referenceGradient: the call has no input ${name}.`);
  const { shape, values } = differentiated;
  const weights: Float32Array[] = [];
  const weightedSum = (x: Float64Array) => {
    let sum = 0;
    const outputs = outputsOf(reference({ ...numbers, [name]: { shape, values: x } }, data, fixed));
    for (const [i, output] of outputs.entries()) {
      const weight = weights[i] ?? weightsOfOutput(i, output.length);
      weights[i] = weight;
      for (let at = 0; at < output.length; at++) sum += output[at]! * weight[at]!; // both are output.length long
    }
    return sum;
  };
  // Multiples of the golden ratio lie far from each other, whatever the seed.
  const few = Array.from({ length: tried }, (_, i) => (Math.imul(seed + i, 0x9e3779b1) >>> 0) % values.length);
  return finiteDifferences(weightedSum, values, values.length > tried ? { only: few } : {});
}

/** The outputs of a reference as a list, for one that gives its only output as it is. */
export function outputsOf(result: ArrayLike<number> | readonly ArrayLike<number>[]): readonly ArrayLike<number>[] {
  const several = result.length > 0 && typeof result[0] !== "number";
  return several ? (result as readonly ArrayLike<number>[]) : [result as ArrayLike<number>];
}
