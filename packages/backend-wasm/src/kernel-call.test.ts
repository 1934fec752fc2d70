import { OutOfMemoryError } from "@kindred/errors";
import { matmulTransposed } from "@kindred/nn";
import { activeEngine, asWasmBackend, defineOp, type Float, type None, tfjs } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { kernelOf, type Run } from "./kernel-call.ts";
import { scratchArena } from "./scratch-arena.ts";
import { wasm } from "./wasm.ts";

beforeAll(() => tfjs().start());

const example = defineOp<None, None, None, tf.Tensor>({
  name: "KernelCallExample",
  check: () => {},
  composite: () => tf.scalar(0),
});

function call(run: Run<None, None, None, tf.Tensor>) {
  const backend = asWasmBackend(tf.backend())!;
  const arena = scratchArena(backend.wasm);
  const giveBack = kernelOf(example, run).start({} as KernelExports, backend, arena);
  try {
    example({}, {}, {}).dispose();
  } finally {
    giveBack();
    arena.release();
  }
}

test("a kernel that throws leaves neither outputs nor scratch behind", () => {
  const before = [activeEngine().memory(), tf.backend().numDataIds()];
  const fails = () =>
    call(({ scratch, output }) => {
      scratch(1000, 10_000_000);
      output([3]);
      output([1000, 1000]);
      throw new Error("fails");
    });
  expect(fails).toThrow("fails");
  expect([activeEngine().memory(), tf.backend().numDataIds()]).toEqual(before);
});

test("scratch is aligned, and its stretches don't overlap", () => {
  call(({ scratch, output }) => {
    const [a, b, c] = scratch(5, 0, 17);
    expect([a % 64, b % 64, c % 64]).toEqual([0, 0, 0]);
    expect([b - a, c - b]).toEqual([64, 0]);
    return output([]).info;
  });
});

test("scratch twice, or after an output, is refused", () => {
  expect(() => call(({ scratch }) => [scratch(1), scratch(1)] as never)).toThrow("all sizes at once");
  expect(() =>
    call(({ scratch, output }) => {
      const { info } = output([1]);
      scratch(1);
      return info;
    }),
  ).toThrow("after an output");
});

test("a scratch block too large to keep goes back after the call, a small one stays", () => {
  const backend = asWasmBackend(tf.backend())!;
  const arena = scratchArena(backend.wasm);
  const bytes = () => activeEngine().memory().bytes;
  const before = bytes();
  arena.take([100_000_000]);
  arena.giveBack();
  expect(bytes()).toBe(before);
  const [first] = arena.take([1000]);
  arena.giveBack();
  expect(arena.take([500])[0]).toBe(first);
  arena.giveBack();
  arena.release();
  expect(bytes()).toBe(before);
});

test("a product that does not fit is an OutOfMemoryError, leaves nothing behind, and the next one works", async () => {
  const { stop } = await wasm({ variant: "simd" }).start();
  const x: Float = tf.ones([600, 400]);
  const run = () => matmulTransposed(x as Float<"rows hidden">, x as Float<"columns hidden">);
  run().dispose(); // now the arena holds what it keeps
  const before = activeEngine().memory();
  const limited = await wasm({ variant: "simd", memoryLimitBytes: before.bytes + 600 * 600 * 4 - 1 }).start();
  expect(run).toThrow(OutOfMemoryError);
  expect(activeEngine().memory().bytes).toBe(before.bytes);
  limited.stop();
  const y = run();
  expect(y.dataSync().every((value) => value === 400)).toBe(true);
  tf.dispose([x, y]);
  stop();
});
