import { throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import { inUse } from "../test-support/in-use.ts";
import { activeEngine, cpu, defineOp, type Float, type None, tfjs, valueAndGradients } from "./index.ts";

const failing = defineOp<{ x: Float; y: Float }, None, None, Float>({
  name: "TestFailing",
  check: () => {},
  composite: ({ x, y }) => tf.mul(x, y),
  save: ["x", "y"],
  gradient: (dy, { y }) => {
    tf.square(dy); // a temporary that nobody returns
    return {
      x: () => tf.mul(dy, y),
      y: () => {
        throw new Error("no gradient today");
      },
    };
  },
});

describe.each([tfjs(), cpu()])("on $name", (engine) => {
  beforeEach(async () => {
    await engine.start();
    throwOnLeaks();
  });

  test("a throw in f, in a gradient, or in onGradient leaves nothing behind, and the engine goes on", () => {
    const before = inUse();
    const parameters: Record<"x" | "y", Float> = { x: tf.scalar(3), y: tf.scalar(2) };
    const { x, y } = parameters;
    const withParameters = inUse();
    const half = () => tf.mul(tf.square(x), tf.square(y));
    const calls: [() => unknown, string][] = [
      [
        () =>
          valueAndGradients(() => {
            throw new Error(`f fails after ${half().shape}`);
          }, parameters),
        "f fails",
      ],
      [() => valueAndGradients(() => failing({ x: half(), y }, {}, {}), parameters), "no gradient today"],
      [
        () =>
          valueAndGradients(half, parameters, {
            onGradient: () => {
              throw new Error("receiver fails");
            },
          }),
        "receiver fails",
      ],
      [
        () => valueAndGradients(() => tf.sum(tf.cumprod(tf.reshape(half(), [1]))), parameters),
        "an op has no gradient. Got Cumprod",
      ],
    ];
    for (const [call, message] of calls) {
      expect(call).toThrow(message);
      expect(inUse()).toEqual(withParameters);
      expect(tf.engine().state).toMatchObject({ gradientDepth: 0, kernelDepth: 0, activeScope: null });
    }
    const { value, gradients } = valueAndGradients(half, parameters);
    expect(value.dataSync()[0]).toBe(36);
    tf.dispose([value, gradients.x!, gradients.y!, x, y]);
    expect(inUse()).toEqual(before);
  });

  test("gradients that are dy itself, one tensor for two inputs, or a saved tensor are counted and freed once", () => {
    const alias = defineOp<{ a: Float; b: Float; c: Float }, None, None, Float>({
      name: "TestAlias",
      check: () => {},
      composite: ({ a, b, c }) => tf.addN([a, b, c]),
      save: ["c"],
      gradient: (dy, { c }) => ({ a: () => dy, b: () => dy, c: () => c }),
    });
    const before = inUse();
    const [a, b, c]: Float[] = [tf.scalar(1), tf.scalar(2), tf.scalar(5)];
    const parameters = { a: a!, b: b!, c: c! };
    const { value, gradients } = valueAndGradients(() => alias(parameters, {}, {}), parameters);
    const read = (t: tf.Tensor | undefined) => t!.dataSync()[0];
    expect([gradients.a, gradients.b, gradients.c].map(read)).toEqual([1, 1, 5]);
    gradients.a!.dispose();
    gradients.c!.dispose();
    expect([read(gradients.b), read(c!)]).toEqual([1, 5]);
    tf.dispose([value, gradients.b!, a!, b!, c!]);
    expect(inUse()).toEqual(before);
  });
});

test("the peak of a backward pass is less than a third of tf.variableGrads's, on a chain of layers", async () => {
  await tfjs().start();
  const layer = defineOp<{ x: Float; w: Float }, None, None, Float>({
    name: "TestLayer",
    check: () => {},
    composite: ({ x, w }) => tf.tanh(tf.mul(x, w)),
    save: ["w"],
    saveResult: true,
    gradient: (dy, { w, result: y }) => {
      // x is not needed for dx; dw of this toy is not asked for.
      const inner = tf.mul(dy, tf.sub(1, tf.square(y)));
      return { x: () => tf.mul(inner, w) };
    },
  });
  const [depth, rows, columns] = [12, 64, 256];
  const unit = rows * columns * 4;
  const start: Float = tf.variable(tf.fill([rows, columns], 0.1)) as unknown as Float;
  const weights = Array.from({ length: depth }, (_, i) => tf.fill([columns], 1 + i / 16));
  const f = () => tf.sum(weights.reduce((x, w) => layer({ x, w }, {}, {}), start as tf.Tensor)) as tf.Scalar;

  const ours = peakBytes(() => {
    const { value, gradients } = valueAndGradients(f, { start });
    tf.dispose([value, gradients.start!]);
  });
  const theirs = peakBytes(() => {
    const { value, grads } = tf.variableGrads(f, [start as unknown as tf.Variable]);
    tf.dispose([value, ...Object.values(grads)]);
  });
  // Both hold `depth` outputs after the forward pass. Going back, ours holds one layer's gradients and temporaries more (5) and gives back an
  // output a layer: 17. tfjs's keeps the three temporaries and the gradient of every layer on top: 61.
  expect(ours / unit).toBeLessThan(depth + 6);
  expect(ours / theirs).toBeLessThan(0.3);
});

/** The most heap bytes in use while `work` runs, above those before. A deterministic count, not a measurement. */
function peakBytes(work: () => void): number {
  const { wasm } = tf.backend() as unknown as { wasm: { _malloc: (bytes: number) => number } };
  const malloc = wasm._malloc;
  const before = activeEngine().memory().bytes;
  let peak = before;
  wasm._malloc = (bytes) => {
    const offset = malloc(bytes);
    peak = Math.max(peak, activeEngine().memory().bytes);
    return offset;
  };
  try {
    work();
  } finally {
    wasm._malloc = malloc;
  }
  expect(activeEngine().memory().bytes).toBe(before);
  return peak - before;
}
