import { asWasmBackend } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { kernels } from "./kernels.ts";
import { modelInMiniature } from "./model-in-miniature.ts";
import { wasm } from "./wasm.ts";

const sizes = { tokens: 23, hidden: 88, heads: 8 };

test("the miniature runs every kernel", async () => {
  const { stop } = await wasm().start();
  const called = new Set<string>();
  for (const { name } of kernels) {
    const { kernelFunc, ...config } = tf.getKernel(name, "wasm")!;
    tf.unregisterKernel(name, "wasm");
    const counted: tf.KernelFunc = (call) => {
      called.add(name);
      return kernelFunc(call);
    };
    tf.registerKernel({ ...config, kernelFunc: counted });
  }
  modelInMiniature(sizes);
  stop();
  expect(kernels.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
});

test("every kernel gives the same bits with all tensors above 2 GiB", async () => {
  const { stop } = await wasm().start();
  const low = modelInMiniature(sizes);
  const backend = asWasmBackend(tf.backend())!;
  const block = backend.wasm._malloc(2.1 * 2 ** 30); // never written to: it takes no memory
  const probe = tf.zeros([1000, 1000]);
  expect(backend.dataIdMap.get(probe.dataId).memoryOffset).toBeGreaterThan(2 ** 31);
  expect(modelInMiniature(sizes)).toEqual(low);
  probe.dispose();
  backend.wasm._free(block);
  stop();
});
