import { ShapeError } from "@kindred/errors";
import { cpu, type Float, tfjs, toFloat32Array } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { adamw, clipFactor, globalNorm } from "./index.ts";

const read = (tensor: Float) => toFloat32Array(tensor);

describe.each([cpu(), tfjs()])("on $name", (engine) => {
  beforeAll(() => engine.start());

  test("the norm of several gradients is that of all their numbers; of none it is 0", () => {
    expect(read(globalNorm([tf.tensor1d([2, 3]), tf.tensor2d([[6]])]))).toEqual(Float32Array.of(7));
    expect(read(globalNorm([]))).toEqual(Float32Array.of(0));
  });

  test("gradients of any norm are shortened to the limit, and others left as they are", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.constantFrom(0.5, 1, Infinity), (norm, limit) => {
        const [factor = Number.NaN] = read(clipFactor(tf.scalar(norm), limit));
        // Three roundings of float32.
        expect(Math.abs(factor - Math.min(1, limit / (norm + 1e-6)))).toBeLessThanOrEqual(4 * 2 ** -24);
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a gradient with %s in it moves nothing", (bad) => {
    const gradient = tf.tensor1d([1, bad]);
    const norm = globalNorm([gradient]);
    expect(Number.isFinite(read(norm)[0])).toBe(false);
    const { numbers, update } = adamw({ learningRate: () => 0.1, weightDecay: 0.5, decay: "all" });
    const slots = [tf.tensor1d([3, 4]), tf.tensor1d([5, 6])];
    for (const limit of [1, Number.POSITIVE_INFINITY]) {
      const moved = update(
        { parameter: tf.tensor1d([1, 2]), gradient, slots },
        { numbers: tf.tensor1d(numbers(0)), clip: clipFactor(norm, limit) },
        { name: "w", shape: [2], kind: "shift" },
      );
      expect(moved.map((tensor) => [...read(tensor)])).toEqual([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
    }
  });

  test("tensors that do not fit each other are refused", () => {
    const { numbers, update } = adamw({ learningRate: () => 0.1 });
    const [two, three] = [tf.zeros([2]), tf.zeros([3])];
    const step: { readonly numbers: tf.Tensor; readonly clip: tf.Tensor } = {
      numbers: tf.tensor1d(numbers(0)),
      clip: tf.scalar(1),
    };
    const spec = { name: "w", shape: [2], kind: "shift" } as const;
    const call = (gradient: tf.Tensor, given = step) =>
      update({ parameter: two, gradient, slots: [two, two] }, given, spec);
    expect(() => call(three)).toThrow(
      "adamw: gradient does not fit the parameter. Got float32 [3], expected float32 [2]",
    );
    expect(() => call(two, { ...step, numbers: two })).toThrow(ShapeError);
    expect(() => globalNorm([tf.zeros([2], "int32")])).toThrow(ShapeError);
  });
});
