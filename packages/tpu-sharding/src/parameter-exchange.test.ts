import { MeshError, ShapeError } from "@kindred/errors";
import { soloCore } from "@kindred/mesh";
import { tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { exchangeMemory } from "./exchange-memory.ts";
import { parameterExchange } from "./parameter-exchange.ts";
import { parameterShards } from "./parameter-shards.ts";

// One core; collectives.test.ts has several.
const shards = parameterShards({ weight: 3, bias: 1 }, 1);
const start = () => parameterExchange(soloCore(), shards, exchangeMemory(shards));

test("gradients of one name in one step add up, and what is not handed over is zero", () => {
  const exchange = start();
  exchange.addGradient("weight", Float32Array.of(1, 2, 3));
  exchange.addGradient("weight", Float32Array.of(10, 20, 30));
  expect(exchange.localGradients()).toEqual({ weight: Float32Array.of(11, 22, 33), bias: Float32Array.of(0) });
  expect(exchange.reduceGradients()["weight"]).toEqual(Float32Array.of(11, 22, 33));
  exchange.publishWeights();
  exchange.addGradient("bias", Float32Array.of(7));
  expect(exchange.reduceGradients()).toEqual({ weight: Float32Array.of(0, 0, 0), bias: Float32Array.of(7) });
});

test("local gradients may be scaled before they are summed", () => {
  const exchange = start();
  exchange.addGradient("bias", Float32Array.of(8));
  exchange.localGradients()["bias"]![0]! *= 0.5;
  expect([...exchange.reduceGradients()["bias"]!]).toEqual([4]);
});

test("a tensor is handed over like an array", async () => {
  await tfjs().start();
  const exchange = start();
  exchange.addGradient("weight", tf.tensor1d([1, 2, 3]));
  exchange.addGradient("weight", tf.tensor1d([1, 1, 1]));
  expect([...exchange.reduceGradients()["weight"]!]).toEqual([2, 3, 4]);
});

test("published weights are what the owners wrote", () => {
  const exchange = start();
  exchange.reduceGradients();
  exchange.ownWeights["weight"]!.set([4, 5, 6]);
  expect(exchange.publishWeights()["weight"]).toEqual(Float32Array.of(4, 5, 6));
});

test("calls out of order are refused", () => {
  const exchange = start();
  expect(() => exchange.publishWeights()).toThrow(MeshError);
  exchange.reduceGradients();
  expect(() => exchange.addGradient("bias", Float32Array.of(1))).toThrow(/between reduceGradients and publishWeights/);
  expect(() => exchange.reduceGradients()).toThrow(MeshError);
});

test("unknown names, wrong lengths and memory of another mesh are refused", () => {
  expect(() => start().addGradient("wieght", Float32Array.of(1, 2, 3))).toThrow(/"wieght"/);
  expect(() => start().addGradient("weight", Float32Array.of(1))).toThrow(ShapeError);
  const two = parameterShards({ weight: 3 }, 2);
  expect(() => parameterExchange(soloCore(), two, exchangeMemory(two))).toThrow(ShapeError);
});
