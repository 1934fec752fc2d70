import { ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cpu } from "./cpu.ts";
import { expectShapes } from "./expect-shapes.ts";
import { isStandIn, standIn } from "./stand-in.ts";
import { tfjs } from "./tfjs.ts";

describe.each([cpu(), tfjs()])("on $name", (engine) => {
  let stop: () => void;
  beforeEach(async () => {
    ({ stop } = await engine.start());
  });
  afterEach(() => stop());

  test("a stand-in has a shape, no bytes, and is freed as any tensor", () => {
    const before = tf.memory();
    const weight = standIn([768, 3072]);
    const view = tf.clone(weight as tf.Tensor);
    expect([weight.shape, isStandIn(weight), isStandIn(view), view.dataId === weight.dataId]).toEqual([
      [768, 3072],
      true,
      true,
      true,
    ]);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    tf.dispose([weight, view]);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });

  test("it is taken for a weight alone, and its shape is checked as any", () => {
    const weight = standIn([4, 3]);
    const own = tf.ones([4, 3]);
    expect([isStandIn(own), isStandIn(tf.ones([2], "int32"))]).toEqual([false, false]);
    expect(expectShapes("linear", { weight: [weight, "out in", "weight"] })).toEqual({ out: 4, in: 3 });
    expect(expectShapes("linear", { weight: [own, "out in", "weight"] })).toEqual({ out: 4, in: 3 });
    expect(() => expectShapes("linear", { weight: [weight, "4 5", "weight"] })).toThrow(ShapeError);
    expect(() => expectShapes("linear", { weight: [tf.ones([4, 3], "int32"), "out in", "weight"] })).toThrow(
      /weight has elements of type int32.* expected weight to be float32/,
    );
    expect(() => expectShapes("gelu", { x: [weight, "rows features", "float32"] })).toThrow(
      /gelu: x stands for a frozen weight, whose numbers lie elsewhere\..* expected x to be float32/,
    );
    expect(() => tf.add(weight as tf.Tensor, 1)).toThrow(/numeric tensor/);
  });
});
