import { existsSync } from "node:fs";
import { join } from "node:path";
import { add, l2Normalize, matmulTransposed, meanPool, scale, softmaxCrossEntropy, sum } from "@kindred/nn";
import { type Layout, valueAndGradients } from "@kindred/tensor";
import { readGoldenTensors, readJson } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { EncoderFamily } from "../src/encoder-family.ts";
import { goldenModel, packedBatch, withoutPadding } from "./golden-model.ts";

type Training = {
  readonly scale: number;
  readonly pairs: { readonly columns: readonly { readonly ids: number[][]; readonly mask: number[][] }[] };
  readonly float64: { readonly "pairs.symmetric": { readonly loss: number } };
};

/**
 * Compares the symmetric contrastive loss of a batch of pairs (mean pooling, cosines), and its gradient by every parameter, with
 * torch's in float64.
 *
 * @param training folder of what torch gave
 * @param model folder of the model
 * @param layOut how a column's sentences lie. Default: end to end
 * @param tolerance relative to a tensor's largest entry: 8 times the reference's own gap. Default: BERT's
 */
export async function expectGoldenGradients(
  family: EncoderFamily,
  {
    training,
    model,
    layOut,
    tolerance = 2.1e-5,
  }: {
    readonly training: string;
    readonly model: string;
    readonly layOut?: ((lengths: Int32Array) => Layout) | undefined;
    readonly tolerance?: number | undefined;
  },
): Promise<void> {
  const whole = join(training, "gradients-float64.safetensors");
  const expected = readGoldenTensors(existsSync(whole) ? whole : join(training, "gradients-rounded.safetensors"));
  const { pairs, float64, scale: factor } = readJson<Training>(join(training, "expected.json"));
  const { encoder, parameters } = await goldenModel(family, model);
  const columns = pairs.columns.map((column) => packedBatch(withoutPadding(column), layOut));
  const loss = () => {
    const [a, b] = columns.map(
      ({ ids, layout }): tf.Tensor =>
        l2Normalize(meanPool(encoder.forward(parameters, { ids }, { layout }), { layout })),
    );
    if (a === undefined || b === undefined) throw new Error("the golden batch has no pairs");
    const count = a.shape[0] ?? 0;
    const labels = Int32Array.from({ length: count }, (_, i) => i);
    const half = (x: tf.Tensor, y: tf.Tensor) =>
      sum(softmaxCrossEntropy(scale(matmulTransposed(x, y), factor), labels));
    return scale(add(half(a, b), half(b, a)), 1 / (2 * count));
  };
  const { value, gradients } = valueAndGradients(loss, parameters);
  expect(value.dataSync()).toBeCloseToArray([float64["pairs.symmetric"].loss], { tolerance: 1e-5 });
  for (const { name } of encoder.specs) {
    const want = expected.get(`grad.pairs.symmetric.${name}`);
    if (want === undefined) throw new Error(`the golden file has no gradient of ${name}`);
    const largest = Array.from(want.values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const allowed = /\.(k|key|k_lin)\.bias$/.test(name) ? 1e-5 : tolerance * largest; // a key's bias has a true gradient of 0
    expect(gradients[name]?.dataSync(), name).toBeCloseToArray(want.values, { tolerance: allowed, shape: want.shape });
  }
  expect(encoder.specs.length).toBe([...expected.keys()].filter((name) => name.startsWith("grad.pairs.symm")).length);
  tf.dispose([value, gradients, parameters] as tf.TensorContainer);
}
