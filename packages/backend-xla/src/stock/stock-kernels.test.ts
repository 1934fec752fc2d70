import { describePlugins, floatsFromSeed } from "@kindred/testing";
import { cpu } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StockInputs, stockCases } from "../../test-support/stock-cases.ts";
import { xla } from "../xla.ts";
import { stockKernels } from "./stock-kernels.ts";
import { refusedKernels } from "./refused-kernels.ts";

/** Other numbers for each seed, of the same shapes. */
function inputsOf(seed: number): StockInputs {
  const floats = (at: number, shape: number[]) =>
    tf.tensor(floatsFromSeed(13 * seed + at, tf.util.sizeFromShape(shape)), shape);
  const matrix = (at: number) => floats(at, [3, 4]) as tf.Tensor2D;
  const whole = (at: number) =>
    tf.tensor2d(
      floatsFromSeed(13 * seed + at, 12).map((x) => Math.round(4 * x)),
      [3, 4],
      "int32",
    );
  const truths = (at: number) =>
    tf.tensor2d(
      Uint8Array.from(floatsFromSeed(13 * seed + at, 12), (x) => (x > 0 ? 1 : 0)),
      [3, 4],
      "bool",
    );
  const below = (bound: number, at: number, count: number) =>
    Int32Array.from(floatsFromSeed(13 * seed + at, count), (x) => Math.floor(((x + 2) / 4) * bound) % bound);
  return {
    x: matrix(0),
    // Some are equal to those of x.
    y: tf.tensor2d(
      floatsFromSeed(13 * seed, 12).map((x, i) => (i % 3 === 0 ? x : (floatsFromSeed(13 * seed + 1, 12)[i] ?? 0))),
      [3, 4],
    ),
    row: floats(2, [4]) as tf.Tensor1D,
    cube: floats(3, [2, 3, 4]) as tf.Tensor3D,
    positive: tf.tensor2d(
      floatsFromSeed(13 * seed + 4, 12).map((x) => Math.abs(x) + 0.01),
      [3, 4],
    ),
    unit: tf.tensor2d(
      floatsFromSeed(13 * seed + 5, 12).map((x) => x / 2.01),
      [3, 4],
    ),
    whole: whole(6),
    divisor: tf.tensor2d(
      floatsFromSeed(13 * seed + 7, 12).map((x) => Math.round(3 * x) || 3),
      [3, 4],
      "int32",
    ),
    truth: truths(8),
    other: truths(9),
    ids: tf.tensor1d(below(3, 10, 5), "int32"),
    pairs: tf.tensor2d(below(3, 11, 6), [3, 2], "int32"),
  };
}

type Result = {
  readonly kernel: string;
  readonly shape: number[];
  readonly dtype: string;
  readonly values: Float32Array;
};

/** What all cases give, in one piece of work. */
function computeAll(seed: number, work: <T>(run: () => T) => T): Result[] {
  const tensors = work(() => {
    const inputs = inputsOf(seed);
    const all = Object.entries(stockCases).flatMap(([kernel, cases]) =>
      cases.flatMap((run) => [tf.tidy(() => run(inputs))].flat().map((tensor) => [kernel, tensor] as const)),
    );
    tf.dispose(Object.values(inputs));
    return all;
  });
  return tensors.map(([kernel, tensor]) => {
    const result = { kernel, shape: tensor.shape, dtype: tensor.dtype, values: Float32Array.from(tensor.dataSync()) };
    tensor.dispose();
    return result;
  });
}

describePlugins("stock kernels", ({ path }) => {
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  let programs = 0;
  beforeAll(async () => {
    await cpu().start();
    engine = await xla({ plugin: path, cacheFolder: false, onCompile: () => programs++ }).start();
  });
  afterAll(() => engine.stop());

  test("give what tfjs's cpu gives, all in one program, which other numbers run again", async () => {
    const backend = tf.getBackend();
    for (let seed = 0; seed < 6; seed++) {
      tf.setBackend("cpu");
      const expected = computeAll(seed, (run) => run());
      tf.setBackend(backend);
      const results = computeAll(seed, (run) => engine.devices!.on(0, run)); // `!`: this engine has devices
      expect(results.map(({ kernel, shape, dtype }) => `${kernel} ${dtype} [${shape}]`)).toEqual(
        expected.map(({ kernel, shape, dtype }) => `${kernel} ${dtype} [${shape}]`),
      );
      for (const [i, { kernel, values }] of results.entries()) {
        const wanted = expected[i]?.values ?? [];
        // A function is good to a few units in the last place (2⁻²³ each); products and sums of 12 numbers below 8 to some 1e-6.
        expect(values, `${kernel} (seed ${seed})`).toBeCloseToArray(wanted, { relative: 4e-6, tolerance: 4e-6 });
      }
    }
    expect(programs).toBe(1);
    expect(tf.memory().numTensors).toBe(0);
    expect(engine.client.live.buffers).toBe(0);
  });

  test("each has a case that calls it", () => {
    const called = Object.entries(stockCases).flatMap(([kernel, cases]) => (cases.length > 0 ? [kernel] : []));
    expect(stockKernels.map(({ name }) => name).filter((name) => !called.includes(name))).toEqual([
      "LogicalXor",
      "LogSoftmax",
    ]);
  });

  test("every kernel of tfjs is recorded or refused by name", () => {
    const names = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
    const known = new Set(tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(refusedKernels).filter((name) => stockKernels.some((kernel) => kernel.name === name))).toEqual(
      [],
    );
    const x = tf.tensor2d([[1, 2]]);
    expect(() => tf.einsum("ij->i", x)).toThrow(
      "Einsum: XLA's engine can't record this op of tfjs. Got a call of it, expected others. Write it with tf.matMul, tf.mul and tf.sum.",
    );
    x.dispose();
  });
});
