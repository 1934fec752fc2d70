import * as tf from "@tensorflow/tfjs-core";
import { floatsFromSeed } from "./floats-from-seed.ts";
import type { OpCase, OpInput } from "./op-case.ts";

/** Results and gradients of one call, in order of outputs and by name of input, as plain arrays. */
export type OpEvaluation = {
  readonly results: readonly Float32Array[];
  readonly shapes: readonly (readonly number[])[];
  readonly gradients: { readonly [input: string]: Float32Array };
};

/** A function of tensors by name, as an op or its composite is one. */
export type TensorFunction = (inputs: { readonly [name: string]: tf.Tensor | undefined }) => tf.Tensor | tf.Tensor[];

/** Something that differentiates: value and gradients by name, like `valueAndGradients` of `@kindred/tensor`. */
export type Differentiate = (
  f: () => tf.Tensor,
  parameters: { readonly [name: string]: tf.Tensor },
) => { readonly value: tf.Tensor; readonly gradients: { readonly [name: string]: tf.Tensor | undefined } };

/** The weights by which the elements of output `i` are summed to the scalar that is differentiated. */
export function weightsOfOutput(i: number, count: number): Float32Array {
  return floatsFromSeed(1000 + i, count);
}

/**
 * Runs `f` on the active backend, and differentiates the weighted sum of all its results by the inputs in `wrt`. An input that is
 * absent, or that the sum does not depend on, has no gradient.
 *
 * @throws Error when tensors are left over, or an input has changed.
 */
export function evaluateOp(
  f: TensorFunction,
  inputs: OpCase<object, object>["inputs"],
  { wrt, differentiate }: { readonly wrt: readonly string[]; readonly differentiate: Differentiate },
): OpEvaluation {
  const blocksBefore = tf.backend().numDataIds();
  const tensors = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input && tensorOf(input)]));
  const parameters = Object.fromEntries(wrt.flatMap((name) => (tensors[name] ? [[name, tensors[name]]] : [])));

  const plain = [f(tensors)].flat();
  const results = plain.map(copyOf);
  const shapes = plain.map(({ shape }) => [...shape]);
  const scalar = () =>
    [f(tensors)]
      .flat()
      .map((out, i) => tf.sum(tf.mul(out, tf.tensor(weightsOfOutput(i, out.size), out.shape))))
      .reduce((sum, term) => tf.add(sum, term));
  const { value, gradients } =
    wrt.length > 0 ? differentiate(scalar, parameters) : { value: tf.tidy(scalar), gradients: {} };
  const read = Object.entries(gradients).flatMap(([name, gradient]) => (gradient ? [[name, copyOf(gradient)]] : []));

  for (const [name, input] of Object.entries(inputs)) {
    const now = tensors[name]?.dataSync();
    if (now && !now.every((element, i) => Object.is(element, input!.values[i])))
      throw new Error(`The op writes to its input ${name}.`);
  }
  const all = [...plain, value, ...Object.values(gradients), ...Object.values(tensors)];
  tf.dispose(all.filter((tensor) => tensor !== undefined));
  const leaked = tf.backend().numDataIds() - blocksBefore;
  if (leaked !== 0) throw new Error(`The op leaves ${leaked} blocks of memory behind.`);
  return { results, shapes, gradients: Object.fromEntries(read) };
}

/** tfjs's own way to gradients, for the reference. */
export const differentiateByTfjs: Differentiate = (f, parameters) => {
  const names = Object.keys(parameters);
  const { value, grads } = tf.engine().gradients(f, Object.values(parameters), undefined, true);
  return { value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]])) };
};

function tensorOf({ values, shape }: OpInput): tf.Tensor {
  return tf.tensor(values.slice(), [...shape], values instanceof Int32Array ? "int32" : "float32");
}

// cpu's dataSync is the tensor's own array.
const copyOf = (tensor: tf.Tensor) => Float32Array.from(tensor.dataSync());
