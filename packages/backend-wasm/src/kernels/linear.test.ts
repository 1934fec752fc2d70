import { geluLinear, linear, packWeight, weightShape } from "@kindred/nn";
import { floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { relaxedSimdWorks } from "@kindred/side-module";
import type { KernelVariant } from "../kernel-variant.ts";
import { wasm } from "../wasm.ts";

const variants: readonly KernelVariant[] = relaxedSimdWorks() ? ["simd", "relaxed", "wide"] : ["simd"];

test.each(variants)(
  "%s: products by a packed weight are the same to the last bit, however many rows",
  async (variant) => {
    const { stop } = await wasm({ variant }).start();
    const [out, inner] = [48, 785]; // deeper than a block
    const weight: tf.Tensor = tf.tensor2d(floatsFromSeed(1, out * inner), [out, inner]);
    const bias: tf.Tensor = tf.tensor1d(floatsFromSeed(2, out));
    const packed: tf.Tensor = packWeight(weight);
    expect([packed.rank, weightShape(packed)]).toEqual([3, [out, inner]]);
    for (const rows of [1, 7, 14, 600]) {
      const x: tf.Tensor = tf.tensor2d(floatsFromSeed(rows, rows * inner), [rows, inner]);
      for (const map of [linear, geluLinear])
        expect(map(x, packed, bias).dataSync()).toEqual(map(x, weight, bias).dataSync());
    }
    stop();
  },
);

test("a weight that panels do not divide is copied", async () => {
  const { stop } = await wasm().start();
  const values = floatsFromSeed(3, 15);
  const packed: tf.Tensor = packWeight(tf.tensor2d(values, [5, 3]) as tf.Tensor);
  expect(packed.shape).toEqual([5, 3]);
  expect(packed.dataSync()).toEqual(values);
  stop();
});

test("a weight that other kernels have packed is still that weight", async () => {
  const [rows, out, inner] = [5, 48, 37];
  const weight: tf.Tensor = tf.tensor2d(floatsFromSeed(1, out * inner), [out, inner]);
  const x: tf.Tensor = tf.tensor2d(floatsFromSeed(2, rows * inner), [rows, inner]);
  const packed: tf.Tensor[] = [];
  for (const variant of variants) {
    const { stop } = await wasm({ variant }).start();
    packed.push(packWeight(weight));
    stop();
  }
  for (const variant of variants) {
    const { stop } = await wasm({ variant }).start();
    const expected = linear(x, weight).dataSync();
    for (const weight of packed) expect(linear(x, weight).dataSync()).toEqual(expected);
    stop();
  }
  const composite = linear(x, weight).dataSync();
  for (const weight of packed) expect(linear(x, weight).dataSync()).toEqual(composite);
});
