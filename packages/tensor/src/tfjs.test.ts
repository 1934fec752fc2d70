import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { ShapeError } from "@kindred/errors";
import { throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { activeEngine, cpu, type Engine, tfjs, toFloat32Array } from "./index.ts";

const events = ["uncaughtException", "unhandledRejection"] as const;
const listenersBefore = events.map((event) => process.listeners(event as "uncaughtException"));

beforeAll(async () => {
  await tfjs().start();
  throwOnLeaks();
});

test("leaves the process's handlers as they were", () => {
  expect(events.map((event) => process.listeners(event as "uncaughtException"))).toEqual(listenersBefore);
});

describe("mended", () => {
  beforeAll(() => tfjs().start());

  test("a clone shares memory", () => {
    const x = tf.zeros([256]);
    const { bytes } = activeEngine().memory();
    const clone = tf.clone(x);
    expect(activeEngine().memory().bytes).toBe(bytes);
    x.dispose();
    expect(clone.dataSync().length).toBe(256);
    clone.dispose();
    expect(activeEngine().memory().bytes).toBe(bytes - 1024);
  });

  const gather = fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.constantFrom("float32" as const, "int32" as const),
    )
    .chain(([shape, axis, dtype]) => {
      const along = axis % shape.length;
      const index = fc.nat(shape[along]! - 1);
      return fc.record({
        shape: fc.constant(shape),
        axis: fc.constantFrom(along, along - shape.length),
        dtype: fc.constant(dtype),
        indices: fc.oneof(
          fc.array(index, { minLength: 1, maxLength: 7 }),
          fc.array(fc.tuple(index, index), { minLength: 1, maxLength: 3 }),
        ),
      });
    });

  test("gathers are those of cpu, along any axis, with indices of any rank", async () => {
    await fc.assert(
      fc.asyncProperty(gather, async ({ shape, axis, dtype, indices }) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const run = async (engine: Engine) => {
          await engine.start();
          return tf.tidy(() => {
            const x = tf.reshape(tf.cast(tf.range(0, size), dtype), shape);
            const chosen = tf.tensor(indices as number[], undefined, "int32");
            const result = tf.gather(x, chosen as tf.Tensor1D, axis < 0 ? axis + shape.length : axis);
            return { shape: result.shape, dtype: result.dtype, values: [...result.dataSync()] };
          });
        };
        const expected = await run(cpu());
        expect(await run(tfjs())).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("a row that is not there is refused, and nothing leaks", () => {
    const table = tf.zeros([3, 2]);
    const blocks = tf.backend().numDataIds();
    for (const row of [3, -1]) {
      const rows = tf.tensor1d([0, row], "int32");
      expect(() => tf.gather(table, rows)).toThrow(ShapeError);
      expect(() => tf.gather(table, rows)).toThrow(`gather: no such row. Got ${row} at 1, expected 0 to 2.`);
      rows.dispose();
    }
    expect(tf.backend().numDataIds()).toBe(blocks);
    table.dispose();
  });

  test("sums and products along an axis count it from the end too", async () => {
    const cumulated = () =>
      tf.tidy(() => {
        const x = tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 2, 3]);
        return [tf.cumsum(x, -1), tf.cumsum(x, -2), tf.cumprod(x, -1)].map((y) => [...y.dataSync()]);
      });
    expect(cumulated()).toEqual([
      [1, 3, 6, 4, 9, 15],
      [1, 2, 3, 5, 7, 9],
      [1, 2, 6, 4, 20, 120],
    ]);
    expect(() => tf.cumsum(tf.scalar(1))).toThrow(ShapeError);
    expect(() => tf.cumprod(tf.ones([2]), 1)).toThrow("cumprod: no such axis. Got 1 of 1 axes, expected -1 to 0.");
  });

  test("segment sums add rows of one id and leave out ids that are no segment, as on cpu", async () => {
    const sums = () =>
      tf.tidy(() => {
        const x = tf.tensor2d([
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ]);
        return toFloat32Array(tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 5], "int32"), 4));
      });
    expect([...sums()]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
    await cpu().start();
    expect([...sums()]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
    await tfjs().start();
    tf.tidy(() => {
      const ints = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([1, 1, 0], "int32"), 2);
      expect([ints.dtype, ...ints.dataSync()]).toEqual(["int32", 3, 3]);
      const ids = tf.zeros([2, 2], "int32");
      expect(() => tf.unsortedSegmentSum(tf.zeros([2, 2]), ids as unknown as tf.Tensor1D, 1)).toThrow(ShapeError);
    });
  });
});

const built = new URL("../dist/index.js", import.meta.url);
const isBuilt = existsSync(fileURLToPath(built));

/** What a worker answers that runs `program` with the built package, as users have it, as `tensor`. Its stderr is not shown. */
function inWorker(program: string): Promise<unknown> {
  // CommonJS by text, so that bare names resolve from this package.
  const text = `
    const tf = require("@tensorflow/tfjs-core");
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData).then(async (tensor) => { ${program} }).then((answer) => parentPort.postMessage(answer));
  `;
  const worker = new Worker(text, { eval: true, workerData: built.href, stderr: true });
  return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
}

test.skipIf(!isBuilt)(
  "works in worker threads, each with a heap of its own, also when started twice at a time",
  async () => {
    const program = `
    await Promise.all([1, 2].map(() => tensor.tfjs({ memoryLimitBytes: 2 ** 20 }).start()));
    const sum = tf.tidy(() => tf.sum(tf.ones([10])).dataSync()[0]);
    let refused = "";
    try { tf.zeros([2 ** 20]); } catch (error) { refused = error.name; }
    const handlers = process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
    return { sum, refused, limitBytes: tensor.activeEngine().memory().limitBytes, handlers };
  `;
    for (const answer of await Promise.all([inWorker(program), inWorker(program)])) {
      expect(answer).toEqual({ sum: 10, refused: "OutOfMemoryError", limitBytes: 2 ** 20, handlers: 0 });
    }
  },
);

test.skipIf(!isBuilt)("refuses to start where the .wasm files are not", async () => {
  const program = `
    const errors = [];
    for (const wasmPaths of ["/nowhere/", "/still nowhere/"]) {
      await tensor.tfjs({ wasmPaths }).start().catch((error) => errors.push(error.name + " " + error.message));
    }
    return errors;
  `;
  const [first, second] = (await inWorker(program)) as [string, string];
  expect(first).toMatch(/^ConfigError tfjs: the wasm backend does not start\. Got wasmPaths "\/nowhere\/", expected/);
  expect(second).toMatch(/^ConfigError tfjs: the wasm backend does not start\. Got wasmPaths "\/still nowhere\/"/);
});
