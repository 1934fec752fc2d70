import { scriptKernels } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { MeshError, ShapeError } from "@kindred/errors";
import { soloCore } from "@kindred/mesh";
import { activeEngine, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { parameterExchange } from "./parameter-exchange.ts";
import { storeMemory } from "./store-memory.ts";

// One core; data-parallel.test.ts has several.
const specs: ParameterSpec[] = [
  { name: "weight", shape: [3], kind: "matrix" },
  { name: "bias", shape: [1], kind: "shift" },
];
const start = (cores = 1) =>
  parameterExchange(soloCore(), storeMemory(specs, { cores, slots: [] }), {
    add: scriptKernels.add,
    read: (from, into) => activeEngine().readSync?.(from, into),
  });
/** What was reduced, by name. */
const reduced = (exchange: ReturnType<typeof start>) =>
  Object.fromEntries(exchange.reduce().map(({ name, gradient }) => [name, [...gradient]]));

test("gradients of one name in one step add up, and what is not handed over is zero", () => {
  const exchange = start();
  exchange.add("weight", Float32Array.of(1, 2, 3));
  exchange.add("weight", Float32Array.of(10, 20, 30));
  expect(exchange.localGradients()).toEqual({ weight: Float32Array.of(11, 22, 33), bias: Float32Array.of(0) });
  expect(reduced(exchange)).toEqual({ weight: [11, 22, 33], bias: [0] });
  exchange.publish();
  exchange.add("bias", Float32Array.of(7));
  expect(reduced(exchange)).toEqual({ weight: [0, 0, 0], bias: [7] });
});

test("local gradients may be scaled before they are summed", () => {
  const exchange = start();
  exchange.add("bias", Float32Array.of(8));
  exchange.localGradients()["bias"]?.fill(4);
  expect(reduced(exchange)["bias"]).toEqual([4]);
});

test("a tensor is handed over like an array", async () => {
  const engine = await tfjs().start();
  const exchange = start();
  exchange.add("weight", tf.tensor1d([1, 2, 3]));
  exchange.add("weight", tf.tensor1d([1, 1, 1]));
  expect(reduced(exchange)["weight"]).toEqual([2, 3, 4]);
  engine.stop();
});

test("calls out of order are refused", () => {
  const exchange = start();
  expect(() => exchange.publish()).toThrow(MeshError);
  exchange.reduce();
  expect(() => exchange.add("bias", Float32Array.of(1))).toThrow(/between reduce and publish/);
  expect(() => exchange.reduce()).toThrow(MeshError);
});

test("unknown names, wrong lengths and memory of another mesh are refused", () => {
  expect(() => start().add("wieght", Float32Array.of(1, 2, 3))).toThrow(/"wieght"/);
  expect(() => start().add("weight", Float32Array.of(1))).toThrow(ShapeError);
  expect(() => start(2)).toThrow("memory for 2 cores on core 0 of 1");
});
