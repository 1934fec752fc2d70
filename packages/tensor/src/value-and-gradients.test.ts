import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { defineOp, type Float, implement, memoryInUse, overwrite, startBackend, valueAndGradients } from "./index.ts";

const cube = defineOp<{ x: Float }, object, Float>({
  name: "TestCube",
  check: () => {},
  composite: ({ x }) => tf.mul(tf.square(x), x),
  save: ["x"],
  gradient: (dy, [x]) => ({ x: () => tf.mul(tf.mul(dy, 3), tf.square(x!)) }),
});

const sum = defineOp<{ x: Float }, object, Float<"">>({
  name: "TestSum",
  check: () => {},
  composite: ({ x }) => tf.sum(x),
  gradient: (dy, _, { shape }: { shape?: number[] } = {}) => ({ x: () => tf.fill(shape ?? [], dy.dataSync()[0]!) }),
});

test.each(["wasm", "cpu"] as const)("smoke on %s", async (backend) => {
  await startBackend(backend);
  tf.env().set("IS_TEST", true);
  const before = memoryInUse();
  const ids = tf.backend().numDataIds();
  const x = tf.tensor1d([1, 2]);
  const { value, gradients } = valueAndGradients(() => sum({ x: cube({ x }, {}) }, { shape: [2] }), { x });
  expect(value.dataSync()[0]).toBe(9);
  expect(Array.from(gradients.x!.dataSync())).toEqual([3, 12]);
  tf.dispose([value, gradients.x!, x]);
  expect(memoryInUse()).toEqual(before);
  expect(tf.backend().numDataIds()).toBe(ids);
});
