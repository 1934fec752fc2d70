import { asWasmBackend, startBackend } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { chooseKernels } from "./choose-kernels.ts";
import { instantiateKernels } from "./instantiate-kernels.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { enableRevectorization } from "./node/enable-revectorization.ts";
import { pairsCorrectly } from "./pairs-correctly.ts";
import { relaxedSimdWorks } from "./relaxed-simd-works.ts";
import { startWasmKernels } from "./start-wasm-kernels.ts";

const able = relaxedSimdWorks();
beforeAll(() => startBackend("wasm"));

function wasm() {
  const backend = asWasmBackend(tf.backend())!;
  return { backend, memory: backend.wasm.wasmMemory ?? backend.wasm.asm!.memory! };
}

test.skipIf(!able)('V8\'s pairing is correct, and wide is what "auto" takes', async () => {
  const lines: string[] = [];
  const revectorization = enableRevectorization();
  const { variant, stop } = await startWasmKernels({ revectorization, log: (line) => lines.push(line) });
  const again = await startWasmKernels({ log: (line) => lines.push(line) });
  stop();
  expect([variant, again.variant]).toEqual(["wide", "wide"]); // who asks for nothing gets what runs
  expect(lines).toEqual(Array(2).fill("wasm kernels: wide (256 bits)"));
  const anew = await startWasmKernels();
  anew.stop();
  expect(anew.variant).toBe("relaxed");
});

test.skipIf(!able).each(["matmul", "layerNorm", "geluGradient", "attentionGradient"] as const)(
  "a %s that gives one wrong number is noticed",
  async (name) => {
    const { backend, memory } = wasm();
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

test.skipIf(!able)("wrong numbers switch the pairing off, and the log says so", async () => {
  const { backend, memory } = wasm();
  let disabled = false;
  const revectorization = { module: import.meta.url, disable: () => (disabled = true) };
  const chosen = await chooseKernels(memory, backend, { revectorization, check: async () => false });
  expect([chosen.variant, disabled]).toEqual(["relaxed", true]);
  expect(chosen.reason).toContain("wrong numbers");
});
