import { ConfigError } from "@kindred/errors";
import { linear, linearOp } from "@kindred/nn";
import { cpu, engineFromModule, moduleOfEngine, type RunningEngine, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, test } from "vitest";
import { enableRevectorization } from "./node/enable-revectorization.ts";
import { relaxedSimdWorks } from "@kindred/side-module";
import { wasm } from "./wasm.ts";

const able = relaxedSimdWorks();
const kernel = () => tf.getKernel(linearOp.op.name, "wasm")?.kernelFunc;

const running: RunningEngine[] = [];
const start = async <Running extends RunningEngine>(engine: { start: () => Promise<Running> }): Promise<Running> => {
  const started = await engine.start();
  running.push(started);
  return started;
};
afterEach(() => {
  for (const engine of running.splice(0)) engine.stop();
});

test("another engine takes its place and gives it back, and tfjs has its own kernels in between", async () => {
  const plain = await start(tfjs());
  linear(tf.ones([1, 1]), tf.ones([1, 1])).dispose();
  const stock = kernel();
  const own = await start(wasm());
  const fast = kernel();
  expect(fast).not.toBe(stock);
  await start(wasm()); // runs already
  expect(kernel()).toBe(fast);
  const between = await start(tfjs());
  expect(kernel()).toBe(stock);
  between.stop();
  expect(kernel()).not.toBe(stock);
  const slow = await start(cpu());
  expect([tf.getBackend(), kernel()]).toEqual(["cpu", stock]);
  for (const engine of [own, slow]) engine.stop();
  expect(tf.getBackend()).toBe("wasm");
  expect(kernel()).not.toBe(stock);
  for (const engine of running) if (engine !== plain) engine.stop();
  expect([tf.getBackend(), kernel()]).toEqual(["wasm", stock]);
});

test("the variant is the one that is asked for, else the fastest that works here", async () => {
  const simd = await start(wasm({ variant: "simd" }));
  expect([simd.variant, simd.description]).toEqual(["simd", "wasm kernels: simd (as asked)"]);
  expect((await start(wasm())).variant).toBe(able ? "relaxed" : "simd");
  if (!able) await expect(wasm({ variant: "wide" }).start()).rejects.toThrow(ConfigError);
});

test("a limit of memory holds while it is the active one", async () => {
  await start(tfjs());
  const limited = await start(wasm({ memoryLimitBytes: 2 ** 20 }));
  expect(limited.memory().limitBytes).toBe(2 ** 20);
  limited.stop();
  expect((await start(wasm())).memory().limitBytes).toBe(3584 * 2 ** 20);
  expect((await start(wasm({ memoryLimitBytes: Number.POSITIVE_INFINITY }))).memory().limitBytes).toBe(2 ** 32);
});

test("another thread finds it by its module, with the options that cross threads", async () => {
  const revectorization = enableRevectorization();
  const engine = wasm({ revectorization, memoryLimitBytes: 2 ** 30 });
  const found = await engineFromModule(structuredClone(moduleOfEngine("train", engine)));
  expect([found.name, found.module]).toEqual([engine.name, engine.module]);
  expect((await start(found)).description).toBe((await start(engine)).description);
});
