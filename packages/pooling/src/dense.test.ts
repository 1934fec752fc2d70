import { cpu, tfjs, valueAndGradients } from "@kindred/tensor";
import { sum } from "@kindred/nn";
import { expectMutantToFail, finiteDifferences, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { toyDense } from "../test-support/toy-dense.ts";
import { dense } from "./dense.ts";
import type { Activation, DenseConfig } from "./dense-config.ts";

const activations: readonly Activation[] = ["identity", "tanh", "relu", "sigmoid", "gelu"];
const float64: { readonly [kind in Activation]: (x: number) => number } = {
  identity: (x) => x,
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
};

test("one row through a layer of two features, by hand", async () => {
  await cpu().start();
  const layer: DenseConfig = { ...toyDense().layer, inFeatures: 2, outFeatures: 2, activation: "relu" };
  const parameters = {
    "2_Dense.linear.weight": tf.tensor2d([1, 2, -3, 4], [2, 2]),
    "2_Dense.linear.bias": tf.tensor1d([0.5, -0.5]),
  };
  const x = tf.tensor2d([3, 1], [1, 2]);
  expect([...dense(parameters, x, layer).dataSync()]).toEqual([5.5, 0]);
  expect([...dense(parameters, x, { ...layer, residual: true }).dataSync()]).toEqual([8.5, 1]);
});

describe.each([tfjs(), cpu()])("$name", (engine) => {
  test.each(
    activations.flatMap((activation) => [
      { activation, bias: true, residual: false },
      { activation, bias: false, residual: true },
      { activation, bias: true, residual: true, outFeatures: 12 },
    ]),
  )("value and gradients of $activation, residual: $residual, are the definition's", async (changes) => {
    await engine.start();
    const { layer, weights } = toyDense(changes);
    const given = [{ name: "x", shape: [3, 12], values: floatsFromSeed(9, 3 * 12) }, ...weights];
    const arrays = given.map(({ values }) => values);
    const float64Arrays = arrays.map((array) => Float64Array.from(array));
    const tensors = Object.fromEntries(given.map(({ name, shape, values }) => [name, tf.tensor(values, [...shape])]));
    const run = () => sum(dense(tensors, tensors["x"] as tf.Tensor2D, layer) as tf.Tensor);
    const y = dense(tensors, tensors["x"] as tf.Tensor2D, layer).dataSync();
    // 12 products of numbers below 2 are summed: 12 roundings of at most 50 · 2⁻²⁴ each.
    expect(y).toBeCloseToArray(reference(float64Arrays, layer, weights), { tolerance: 4e-5 });
    expectMutantToFail(() =>
      expect(y).toBeCloseToArray(
        reference(float64Arrays, { ...layer, activation: layer.activation === "tanh" ? "sigmoid" : "tanh" }, weights),
        { tolerance: 4e-5 },
      ),
    );
    const { gradients } = valueAndGradients(run, tensors);
    for (const [i, { name, values: array }] of given.entries()) {
      const expected = finiteDifferences(
        (values) =>
          reference(
            arrays.map((array, j) => (i === j ? values : Float64Array.from(array))),
            layer,
            weights,
          ).reduce((total, value) => total + value, 0),
        array,
      );
      // relu has no derivative at 0, where the toy's inputs are not.
      expect(gradients[name]?.dataSync(), name).toBeCloseToArray(expected, { tolerance: 2e-4 });
    }
  });
});

/** Element by element in float64. */
function reference(
  [x = new Float64Array(), ...arrays]: Float64Array[],
  { path, inFeatures, outFeatures, activation, residual }: DenseConfig,
  weights: readonly { readonly name: string }[],
): Float64Array {
  const array = (name: string) => arrays[weights.findIndex((weight) => weight.name === `${path}.${name}`)];
  const [weight, bias, projection] = [array("linear.weight"), array("linear.bias"), array("residual.weight")];
  const at = (values: Float64Array | undefined, i: number) => values?.[i] ?? Number.NaN;
  const product = (row: number, matrix: Float64Array | undefined, out: number) => {
    let total = 0;
    for (let i = 0; i < inFeatures; i++) total += at(x, row * inFeatures + i) * at(matrix, out * inFeatures + i);
    return total;
  };
  return Float64Array.from({ length: (x.length / inFeatures) * outFeatures }, (_, i) => {
    const [row, out] = [Math.floor(i / outFeatures), i % outFeatures];
    const y = float64[activation](product(row, weight, out) + (bias?.[out] ?? 0));
    const added = projection === undefined ? at(x, row * inFeatures + out) : product(row, projection, out);
    return y + (residual ? added : 0);
  });
}

/** 2/√π times the integral of exp(−t²) from 0 to x, by Simpson's rule; its error for |x| < 7 is below 1e-9. */
function erf(x: number): number {
  if (Math.abs(x) > 7) return Math.sign(x);
  const [count, density] = [400, (t: number) => Math.exp(-t * t)];
  const width = x / count;
  let total = density(0) + density(x);
  for (let i = 1; i < count; i++) total += (i % 2 === 1 ? 4 : 2) * density(i * width);
  return ((2 / Math.sqrt(Math.PI)) * (total * width)) / 3;
}
