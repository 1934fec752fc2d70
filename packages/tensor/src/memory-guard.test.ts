import { ConfigError, OutOfMemoryError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, test } from "vitest";
import { activeEngine, asWasmBackend, type RunningEngine, tfjs } from "./index.ts";
import { guardMemory, memoryGuardOf } from "./memory-guard.ts";
import type { WasmModule } from "./wasm-backend.ts";

const mebibyte = 2 ** 20;

beforeAll(() => tfjs().start());
let limited: RunningEngine | undefined;
afterEach(() => limited?.stop());

test("counts what tensors take, and gives it back", () => {
  const before = activeEngine().memory();
  const x = tf.zeros([1000]);
  expect(activeEngine().memory()).toEqual({
    tensors: before.tensors + 1,
    bytes: before.bytes + 4000,
    limitBytes: before.limitBytes,
  });
  x.dispose();
  expect(activeEngine().memory()).toEqual(before);
});

test("beyond the budget it throws with what was asked for, in use and allowed, and everything goes on", async () => {
  const before = activeEngine().memory();
  const limitBytes = before.bytes + 3 * mebibyte;
  limited = await tfjs({ memoryLimitBytes: limitBytes }).start();
  const kept: tf.Tensor[] = [];
  const fill = () => {
    for (;;) kept.push(tf.ones([mebibyte / 4]));
  };
  expect(fill).toThrow(OutOfMemoryError);
  expect(kept.length).toBe(3);
  try {
    tf.zeros([mebibyte / 4]);
  } catch (error) {
    expect((error as OutOfMemoryError).memory).toEqual({ requestedBytes: mebibyte, usedBytes: limitBytes, limitBytes });
    expect((error as Error).message).toMatch(
      /^tensor heap: 1\.0 MiB more do not fit\. Got 3\.\d MiB in use, expected at most 3\.\d MiB in all\. Lower the token budget/,
    );
  }
  expect(kept.map((x) => x.dataSync()[7])).toEqual([1, 1, 1]);
  kept.pop()!.dispose();
  const again = tf.ones([mebibyte / 4]);
  expect(again.dataSync()[7]).toBe(1);
  tf.dispose([...kept, again]);
  expect(activeEngine().memory()).toEqual({ ...before, limitBytes });
});

test("what is larger than a kilobyte begins at a cache line, wherever the allocator finds room", () => {
  const { dataIdMap } = asWasmBackend(tf.backend())!;
  const kept = Array.from({ length: 50 }, (_, i) => [tf.zeros([i + 1]), tf.zeros([256 + i])] as const);
  for (const [, large] of kept) expect(dataIdMap.get(large.dataId).memoryOffset % 64).toBe(0);
  tf.dispose(kept.flat());
});

test("a limit that is no size is refused; one beyond the heap's end is the heap's end, while its engine is active", async () => {
  for (const memoryLimitBytes of [0, -1, Number.NaN]) {
    expect(() => tfjs({ memoryLimitBytes })).toThrow(ConfigError);
    expect(() => tfjs({ memoryLimitBytes })).toThrow(
      `tfjs: memoryLimitBytes is no size. Got ${memoryLimitBytes}, expected`,
    );
  }
  limited = await tfjs({ memoryLimitBytes: Number.POSITIVE_INFINITY }).start();
  expect(activeEngine().memory().limitBytes).toBe(4096 * mebibyte);
  limited.stop();
  expect(activeEngine().memory().limitBytes).toBe(3584 * mebibyte);
});

/** An allocator with a heap of `size` bytes that never reuses an address, and Emscripten's habit of replacing its own stubs. */
function smallModule(size: number): { module: WasmModule; blocks: Map<number, number> } {
  const blocks = new Map<number, number>();
  let next = 8;
  const malloc = (bytes: number) => {
    const used = [...blocks.values()].reduce((sum, block) => sum + block, 0);
    if (used + bytes > size) return 0;
    blocks.set(next, bytes);
    next += Math.max(bytes, 8);
    return blocks.size > 0 ? next - Math.max(bytes, 8) : 0;
  };
  const free = (offset: number) => {
    blocks.delete(offset);
  };
  const module = {
    HEAPU8: new Uint8Array(0),
    _malloc: (bytes: number): number => {
      module._malloc = malloc;
      return malloc(bytes);
    },
    _free: (offset: number): void => {
      module._free = free;
      free(offset);
    },
    tfjs: { registerTensor: () => {}, disposeData: () => {} },
  };
  return { module, blocks };
}

test("a full heap throws where the allocator gives address 0, and lets go of a ballast for what can't be guarded", () => {
  const { module, blocks } = smallModule(4 * mebibyte);
  const guard = guardMemory(module, Number.POSITIVE_INFINITY);
  expect(memoryGuardOf(module)).toBe(guard);
  const inHeap = () => [...blocks.values()].reduce((sum, block) => sum + block, 0);
  expect(inHeap()).toBe(mebibyte); // the ballast
  const first = module._malloc(3 * mebibyte - 16 - 56); // 56 more for alignment
  expect(() => module._malloc(32)).toThrow(OutOfMemoryError);
  expect(guard.usedBytes).toBe(3 * mebibyte - 16 - 56);
  expect(inHeap()).toBe(3 * mebibyte - 16); // without it
  expect(module._malloc(32)).toBeGreaterThan(0);
  module._free(first);
  expect(inHeap()).toBe(mebibyte + 32); // with it again
  expect(guard.usedBytes).toBe(32);
});

test("a block that was not allocated here is freed without being counted", () => {
  const { module } = smallModule(4 * mebibyte);
  const guard = guardMemory(module, mebibyte);
  module._free(12345);
  expect(guard.usedBytes).toBe(0);
});
