import { linear } from "@kindred/nn";
import { type Float, valueAndGradients } from "@kindred/tensor";
import { gradCache } from "@kindred/grad-cache";
import { describePlugins, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { xla } from "./xla.ts";

describePlugins("a pass that is cut", ({ path }) => {
  const hashes: string[] = [];
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  beforeAll(async () => {
    engine = await xla({ plugin: path, cacheFolder: false, onCompile: ({ hash }) => hashes.push(hash) }).start();
  });
  afterAll(() => engine.stop());

  test("gives what it gives whole, in programs of which like ones are made once", () => {
    const chunks = Array.from({ length: 4 }, (_, i) => floatsFromSeed(i, 5 * 8));
    const weight: Float = tf.tensor2d(floatsFromSeed(9, 6 * 8), [6, 8]);
    const embed = (chunk: Float32Array): Float => tf.tanh(linear(tf.tensor2d(chunk, [5, 8]), weight));
    const loss = ([all]: Float[]) =>
      tf.mean(tf.square(tf.matMul(all as tf.Tensor2D, all as tf.Tensor2D, false, true))) as Float<"">;
    const whole = engine.devices!.on(0, () =>
      // `!`: this engine has devices
      valueAndGradients(() => tf.tidy(() => loss([tf.concat(chunks.map((chunk) => embed(chunk) as tf.Tensor2D))])), {
        weight,
      }),
    );
    hashes.length = 0;
    for (let again = 0; again < 2; again++) {
      const cut = engine.devices!.on(0, () => gradCache({ columns: [chunks], embed, loss, parameters: { weight } })); // `!`: likewise
      expect(cut.value.dataSync()).toBeCloseToArray(whole.value.dataSync(), { relative: 1e-6 });
      expect(cut.gradients.weight?.dataSync() ?? []).toBeCloseToArray(whole.gradients.weight?.dataSync() ?? [], {
        tolerance: 1e-5,
      });
      expect(cut.drift.dataSync()[0]).toBe(0);
      // Embedding a chunk, the loss, a chunk's backward pass (the first has no sum to add to), and the end.
      expect(hashes.length).toBeLessThanOrEqual(6);
      tf.dispose([cut.value, cut.gradients, cut.drift] as tf.TensorContainer);
    }
    tf.dispose([whole.value, whole.gradients, weight] as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(0);
    expect(engine.client.live.buffers).toBe(0);
  });

  test("needs the memory of one chunk", () => {
    const [rows, wide] = [256, 256];
    const chunks = Array.from({ length: 8 }, (_, i) => floatsFromSeed(i, rows * 8));
    const out: Float = tf.tensor2d(floatsFromSeed(1, wide * 8), [wide, 8]);
    const back: Float = tf.tensor2d(floatsFromSeed(2, wide * 8), [8, wide]);
    // The loss needs every chunk's wide rows to go back.
    const embed = (chunk: Float32Array): Float =>
      linear(tf.tanh(tf.sin(linear(tf.tensor2d(chunk, [rows, 8]), out))), back);
    const loss = ([all]: Float[]) => tf.mean(tf.square(all ?? 0)) as Float<"">;
    const parameters = { out, back };
    const whole = () => tf.tidy(() => loss([tf.concat(chunks.map((chunk) => embed(chunk) as tf.Tensor2D))]));
    const temporary = (run: () => tf.TensorContainer) => {
      const compile = vi.spyOn(engine.client, "compile");
      tf.dispose(engine.devices!.on(0, run)); // `!`: this engine has devices
      const most = Math.max(...compile.mock.results.map(({ value }) => value.memory().temporary));
      compile.mockRestore();
      return most;
    };
    const inOne = temporary(() => valueAndGradients(whole, parameters) as tf.TensorContainer);
    const inPieces = temporary(() => gradCache({ columns: [chunks], embed, loss, parameters }) as tf.TensorContainer);
    const ofChunk = 4 * rows * wide;
    expect(inOne).toBeGreaterThan(8 * ofChunk);
    expect(inPieces).toBeLessThan(4 * ofChunk);
    tf.dispose([out, back]);
  });
});
