import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { activeEngine, cpu, tfjs, toFloat32Array } from "./index.ts";

describe.each([tfjs(), cpu()])("on $name", (engine) => {
  beforeEach(() => engine.start());

  test("matMul sees the new values, though it has used the old ones", () => {
    const [x, weight] = [tf.ones([5, 16]), tf.fill([16, 3], 1)] as [tf.Tensor2D, tf.Tensor2D];
    const product = () => tf.tidy(() => tf.matMul(x, weight).dataSync()[0]);
    expect(product()).toBe(16);
    activeEngine().write(weight, new Float32Array(48).fill(2));
    expect(product()).toBe(32);
    tf.dispose([x, weight]);
  });

  test("writes from the offset on, and to everything that shares the memory", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const [clone, flat] = [tf.clone(x), tf.reshape(x, [4])];
    activeEngine().write(x, Float32Array.of(7, 8), 1);
    activeEngine().write(clone, Float32Array.of(9), 3);
    activeEngine().write(x, Float32Array.of(), 4);
    for (const tensor of [x, clone, flat]) expect([...tensor.dataSync()]).toEqual([1, 7, 8, 9]);
    tf.dispose([x, clone, flat]);
  });

  test("the array that a tensor was made from stays as it is", () => {
    const values = Float32Array.of(1, 2, 3);
    const x = tf.tensor1d(values);
    activeEngine().write(x, Float32Array.of(9));
    activeEngine().write(x, Float32Array.of(8), 2);
    expect([...values]).toEqual([1, 2, 3]);
    expect([...x.dataSync()]).toEqual([9, 2, 8]);
    x.dispose();
  });

  test("takes values from shared memory", () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([5, 6]);
    const x = tf.zeros([2]);
    activeEngine().write(x, shared);
    expect([...x.dataSync()]).toEqual([5, 6]);
    x.dispose();
  });

  test("refuses values that do not fit", () => {
    const [x, ids] = [tf.zeros([3]), tf.zeros([3], "int32")];
    const calls = [
      () => activeEngine().write(x, new Float32Array(4)),
      () => activeEngine().write(x, new Float32Array(3), 1),
      () => activeEngine().write(ids, new Float32Array(1)),
    ];
    for (const call of [
      ...calls,
      () => activeEngine().write(x, new Float32Array(1), -1),
      () => activeEngine().write(x, new Float32Array(1), 0.5),
    ]) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow("write: values do not fit. Got ");
    }
  });

  test("a copy of the elements stays when the tensor changes, and lands at the offset", () => {
    const x = tf.tensor1d([1, 2]);
    const copy = toFloat32Array(x);
    const target = new Float32Array(new SharedArrayBuffer(16)).fill(-1);
    toFloat32Array(x, target, 1);
    activeEngine().write(x, Float32Array.of(7, 7));
    expect([...copy]).toEqual([1, 2]);
    expect([...target]).toEqual([-1, 1, 2, -1]);
    expect(() => toFloat32Array(x, target, 3)).toThrow(ShapeError);
    expect(() => toFloat32Array(tf.zeros([1], "int32"), target)).toThrow("read: the target does not fit.");
    x.dispose();
    expect(() => toFloat32Array(x, target)).toThrow("disposed");
  });
});

test("a write past `write` is what matMul on wasm does not see", async () => {
  await tfjs().start();
  const [x, weight] = [tf.ones([5, 16]), tf.fill([16, 3], 1)] as [tf.Tensor2D, tf.Tensor2D];
  const product = () => tf.tidy(() => tf.matMul(x, weight).dataSync()[0]);
  expect(product()).toBe(16);
  const backend = tf.backend() as unknown as { typedArrayFromHeap(x: tf.Tensor): Float32Array };
  backend.typedArrayFromHeap(weight).fill(2);
  expectMutantToFail(() => expect(product()).toBe(32));
});
