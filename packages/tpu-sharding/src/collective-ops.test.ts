import { MeshError, ShapeError } from "@kindred/errors";
import { type Core, soloCore } from "@kindred/mesh";
import { cpu, type Float, tfjs, toFloat32Array, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { allGather, allReduce, coreAt, placeOf, reduceScatter } from "./collective-ops.ts";

// On a mesh of one; data-parallel.test.ts has the ops on several cores.
const core = soloCore();
const ops = {
  allGather: (x: Float) => allGather(x as tf.Tensor, core, { rows: [3] }),
  reduceScatter: (x: Float) => reduceScatter(x as tf.Tensor, core),
  allReduce: (x: Float) => allReduce(x, core),
} as const;

describe.each([cpu(), tfjs()])("on $name", (engine) => {
  beforeAll(() => {
    tf.env().set("IS_TEST", true); // the engine then throws on a kernel that leaks
    return engine.start();
  });

  test.each(Object.entries(ops))("%s of a mesh of one is the identity, and so is its gradient", (_name, op) => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const upstream = tf.tensor2d([6, 5, 4, 3, 2, 1], [3, 2]);
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients(() => op(x), { x }, { upstream });
    expect([...toFloat32Array(value)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...toFloat32Array(gradients["x"]!)]).toEqual([6, 5, 4, 3, 2, 1]);
    tf.dispose([value, gradients]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, upstream]);
  });

  test("refuses an empty batch, a vector and integers", () => {
    expect(() => allGather(tf.zeros([0, 2]), core, { rows: [0] })).toThrow(ShapeError);
    expect(() => allGather(tf.zeros([2]), core, { rows: [2] })).toThrow(ShapeError);
    expect(() => allGather(tf.zeros([3, 2]), core, { rows: [2] })).toThrow(/3,2/);
    expect(() => allGather(tf.zeros([3, 2]), core, { rows: [3, 3] })).toThrow("expected 1 counts");
    expect(() => reduceScatter(tf.zeros([3, 2]), core, { rows: [2] })).toThrow(/3,2/);
    expect(() => allReduce(tf.zeros([2], "int32"), core)).toThrow(/int32/);
  });
});

test("a thread finds the core that it is by its place, and refuses to be another", () => {
  expect(() => coreAt({ index: 1, size: 2 })).toThrow(MeshError);
  expect(() => coreAt({ index: 1, size: 2 })).toThrow("this thread is not core 1 of 2. Got none");
  const core: Core = { ...soloCore(), index: 1, size: 2 };
  expect(placeOf(core)).toEqual({ index: 1, size: 2 });
  expect(placeOf(soloCore())).toEqual({ index: 0, size: 1 }); // a mesh of one is no other mesh's core
  expect(coreAt({ index: 1, size: 2 })).toBe(core);
  for (const place of [
    { index: 0, size: 2 },
    { index: 1, size: 3 },
  ])
    expect(() => coreAt(place)).toThrow("Got core 1 of 2");
});
