import { asWasmBackend, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { chooseKernels } from "./choose-kernels.ts";
import { instantiateKernels } from "./instantiate-kernels.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { enableRevectorization } from "./node/enable-revectorization.ts";
import { pairsCorrectly } from "./pairs-correctly.ts";
import { relaxedSimdWorks } from "@kindred/side-module";
import { wasm } from "./wasm.ts";

const able = relaxedSimdWorks();
beforeAll(() => tfjs().start());

function heap() {
  const backend = asWasmBackend(tf.backend())!;
  return { backend, memory: backend.wasm.wasmMemory ?? backend.wasm.asm!.memory! };
}

test.skipIf(!able)('V8\'s pairing is correct, and wide is what "auto" takes', async () => {
  const { variant, description, stop } = await wasm({ revectorization: enableRevectorization() }).start();
  stop();
  expect([variant, description]).toEqual(["wide", "wasm kernels: wide (256 bits)"]);
});

test.skipIf(!able).each(["matmul", "layerNorm", "geluGradient", "attentionGradient"] as const)(
  "a %s that gives one wrong number is noticed",
  async (name) => {
    const { backend, memory } = heap();
    const instantiate: typeof instantiateKernels = async (variant, on, options = {}) => {
      const exports = await instantiateKernels(variant, on, options);
      return options.twin ? exports : spoilOne(exports, name, memory);
    };
    expect(await pairsCorrectly(memory, backend, instantiateKernels)).toBe(true);
    expect(await pairsCorrectly(memory, backend, instantiate)).toBe(false);
  },
);

/** A module of which one function gets one number of its output wrong, by half at most. */
function spoilOne(
  exports: KernelExports,
  name: "matmul" | "layerNorm" | "geluGradient" | "attentionGradient",
  memory: WebAssembly.Memory,
): KernelExports {
  const original = exports[name] as (...numbers: number[]) => void;
  // Which argument is the output's address. (The first numbers of some gradients are zeros: a sentence of one token.)
  const [output, element] = (
    { matmul: [8, 0], layerNorm: [4, 0], geluGradient: [2, 1000], attentionGradient: [5, 1000] } as const
  )[name];
  const changed = (...numbers: number[]) => {
    original(...numbers);
    new Int32Array(memory.buffer, numbers[output]! >>> 0, element + 1)[element]! ^= 1 << 22;
  };
  return { ...exports, [name]: changed };
}

test.skipIf(!able)("wrong numbers switch the pairing off, and the description says so", async () => {
  const { backend, memory } = heap();
  let disabled = false;
  const revectorization = { module: import.meta.url, disable: () => (disabled = true) };
  const chosen = await chooseKernels(memory, backend, { revectorization, check: async () => false });
  expect([chosen.variant, disabled]).toEqual(["relaxed", true]);
  expect(chosen.reason).toContain("wrong numbers");
});
