import { adamw } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { soloCore } from "@kindred/mesh";
import { cpu } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { tensorStore } from "./tensor-store.ts";

beforeAll(async () => void (await cpu().start()));

const specs: ParameterSpec[] = ["first", "second", "third"].map((name) => ({ name, shape: [2], kind: "shift" }));
const values = Object.fromEntries(specs.map(({ name }) => [name, Float32Array.of(1, 2)]));
const optimizer = adamw({ learningRate: () => 0.1 });

test.each(["clean", "xla-exact"] as const)("an update that fails midway leaves nothing behind: %s", (clipping) => {
  const failing: typeof optimizer = {
    ...optimizer,
    update: (own, step, spec) => (spec.name === "second" ? [own.parameter] : optimizer.update(own, step, spec)),
  };
  const store = tensorStore(soloCore(), values, { specs, optimizer: failing, clipping });
  const before = tf.memory().numTensors;
  tf.tidy(() => store.add("first", tf.tensor1d([3, 4])));
  expect(() => store.update(optimizer.numbers(0))).toThrow("update: the optimizer adamw gives no new second");
  expect(tf.memory().numTensors).toBe(before);
  store.dispose();
});

test("neither does one whose cores do not meet", () => {
  const store = tensorStore({ index: 1, size: 3 }, values, { specs, optimizer });
  const before = tf.memory().numTensors;
  tf.tidy(() => store.add("third", tf.tensor1d([3, 4])));
  expect(() => store.update(optimizer.numbers(0))).toThrow("this thread is not core 1 of 3");
  expect(tf.memory().numTensors).toBe(before);
  store.dispose();
});
