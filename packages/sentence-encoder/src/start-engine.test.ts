import { startWasmKernels } from "@kindred/backend-wasm";
import { linearOp } from "@kindred/nn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { startEngine } from "./start-engine.ts";

test("one engine takes the other's place, and gives tfjs its own kernels back", async () => {
  const kernel = () => tf.getKernel(linearOp.op.name, "wasm")?.kernelFunc;
  expect(await startEngine("tfjs")).toBe("tfjs wasm");
  const stock = kernel();
  const wasm = await startEngine("wasm");
  expect(wasm).toMatch(/^wasm kernels: /);
  const own = kernel();
  expect(own).not.toBe(stock);
  expect(await startEngine("wasm")).toBe(wasm);
  expect(kernel()).toBe(own);
  expect(await startEngine("tfjs")).toBe("tfjs wasm");
  expect(kernel()).toBe(stock);
  expect([await startEngine("cpu"), tf.getBackend()]).toEqual(["tfjs cpu", "cpu"]);
});

test("kernels that were replaced, here or by startWasmKernels, leave none of theirs behind", async () => {
  const kernel = () => tf.getKernel(linearOp.op.name, "wasm")?.kernelFunc;
  await startEngine("tfjs");
  const stock = kernel();
  await startEngine("wasm");
  await startEngine("wasm", { revectorization: { module: import.meta.url, disable: () => {} } });
  await startEngine("tfjs");
  expect(kernel()).toBe(stock);
  const first = await startWasmKernels();
  await startWasmKernels({ variant: "simd" });
  const simd = kernel();
  first.stop(); // too late
  expect(kernel()).toBe(simd);
  expect(await startEngine("wasm")).toBe("wasm kernels: simd (as asked)");
  await startEngine("tfjs");
  expect(kernel()).toBe(stock);
});
