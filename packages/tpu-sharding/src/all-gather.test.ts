import { ShapeError } from "@kindred/errors";
import { soloCore } from "@kindred/mesh";
import { cpu, tfjs, toFloat32Array, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { allGather } from "./all-gather.ts";
import { allGatherRows } from "./all-gather-rows.ts";
import { allReduce } from "./all-reduce.ts";
import { reduceScatter } from "./reduce-scatter.ts";
import { reduceScatterRows } from "./reduce-scatter-rows.ts";

// On a mesh of one; start-mesh's tests and data-parallel.test.ts have the ops on several cores.
const core = soloCore();
const ops = { allGather, reduceScatter, allReduce } as const;

describe.each([cpu(), tfjs()])("on $name", (engine) => {
  beforeAll(() => {
    tf.env().set("IS_TEST", true); // the engine then throws on a kernel that leaks
    return engine.start();
  });

  test.each(Object.entries(ops))("%s of a mesh of one is the identity, and so is its gradient", (_name, op) => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const upstream = tf.tensor2d([6, 5, 4, 3, 2, 1], [3, 2]);
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients(() => op(x, core), { x }, { upstream });
    expect([...toFloat32Array(value)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...toFloat32Array(gradients["x"]!)]).toEqual([6, 5, 4, 3, 2, 1]);
    tf.dispose([value, gradients]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, upstream]);
  });

  test("refuses an empty batch, a vector and integers", () => {
    expect(() => allGather(tf.zeros([0, 2]), core)).toThrow(ShapeError);
    expect(() => allGather(tf.zeros([2]), core)).toThrow(ShapeError);
    expect(() => reduceScatter(tf.zeros([3, 2]), core, { rows: [2] })).toThrow(/3,2/);
    expect(() => allReduce(tf.zeros([2], "int32"), core)).toThrow(/int32/);
  });
});

test("the plain-array forms do the same for rows that are not tensors", () => {
  expect(allGatherRows(Float32Array.of(1, 2), { hidden: 2, core })).toEqual({
    values: Float32Array.of(1, 2),
    rows: [1],
  });
  expect(allGatherRows(new Float32Array(0), { hidden: 2, core }).rows).toEqual([0]);
  expect([...reduceScatterRows(Float32Array.of(1, 2), { rows: [1], hidden: 2, core })]).toEqual([1, 2]);
  expect(() => allGatherRows(new Float32Array(3), { hidden: 2, core })).toThrow(/not whole rows/);
});
