import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { cpu } from "./cpu.ts";
import { defineOp, type None } from "./define-op.ts";
import type { Float } from "./named-axes.ts";
import { profileKernels } from "./profile-kernels.ts";
import { tfjs } from "./tfjs.ts";

const op = defineOp<{ x: Float }, None, None, Float>({
  name: "ProfiledSquarePlusOne",
  check: () => {},
  composite: ({ x }) => tf.add(tf.square(x), 1),
});

test.each([tfjs(), cpu()])(
  "on $name: calls, bytes and flops of what ran between start and stop, and of nothing else",
  async (engine) => {
    await engine.start();
    const backend = tf.getBackend();
    const x = tf.tensor1d([1, 2, 3]);
    op({ x }, {}, {}); // registers the composite
    const before = tf.getKernel("Square", backend)?.kernelFunc;
    const { stop } = profileKernels({ countFlops: (name, { x: shape }) => (name === "Square" ? shape![0]! : 0) });
    for (let i = 0; i < 3; i++) op({ x }, {}, {});
    const { kernels, milliseconds } = stop();
    expect(tf.getKernel("Square", backend)?.kernelFunc).toBe(before);
    op({ x }, {}, {}); // after the end
    const square = kernels.find(({ name }) => name === "Square");
    expect(square).toMatchObject({ calls: 3, bytes: 3 * 2 * 12, flops: 9 });
    expect(kernels.find(({ name }) => name === "ProfiledSquarePlusOne")).toMatchObject({ calls: 3 });
    const inKernels = kernels.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
    expect(inKernels).toBeGreaterThan(0);
    expect(inKernels).toBeLessThanOrEqual(milliseconds);
  },
);

test("a kernel that throws is not counted, and the ones after it are", async () => {
  await cpu().start();
  const broken = defineOp<{ x: Float }, None, None, Float>({
    name: "ProfiledBroken",
    check: () => {},
    composite: () => {
      throw new Error("broken");
    },
  });
  const x = tf.tensor1d([1]);
  expect(() => broken({ x }, {}, {})).toThrow("broken");
  const { stop } = profileKernels();
  expect(() => broken({ x }, {}, {})).toThrow("broken");
  tf.square(x);
  expect(stop().kernels.map(({ name, calls }) => [name, calls])).toEqual([["Square", 1]]);
});
