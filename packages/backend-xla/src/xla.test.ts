import { describePlugins } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { xla } from "./xla.ts";

describePlugins("xla", ({ path }) => {
  const compiled: string[] = [];
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  beforeAll(async () => {
    engine = await xla({
      plugin: path,
      devices: 2,
      cacheFolder: false,
      onCompile: ({ reason }) => compiled.push(reason),
    }).start();
  });
  afterAll(() => engine.stop());

  test("computes what is asked for when it is asked for", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const y = tf.add(tf.matMul(x, x), 1);
    expect([...y.dataSync()]).toEqual([8, 11, 16, 23]);
    expect([...tf.slice(y, [1, 0], [1, 2]).dataSync()]).toEqual([16, 23]);
  });

  test("runs the same calls again without another program, whatever the numbers", () => {
    const run = (a: number[], by: number, from: number) => [
      ...tf.slice(tf.mul(tf.tensor1d(a), by), from, 2).dataSync(),
    ];
    expect(run([1, 2, 3], 2, 0)).toEqual([2, 4]);
    const before = compiled.length;
    expect(run([4, 5, 6], 10, 1)).toEqual([50, 60]);
    expect(compiled.length).toBe(before);
    expect(run([4, 5, 6, 7], 10, 1)).toEqual([50, 60]);
    expect(compiled.slice(before)).toEqual(["call 1 of Multiply gets a = a new f32 [4], was a = a new f32 [3]"]);
  });

  test("runs work on its devices as one program", async () => {
    const weights = [0, 1].map((device) => tf.tensor1d([1 + device, 2]));
    for (const [device, weight] of weights.entries()) engine.devices?.place([weight], device);
    const results = engine.devices?.together((device) =>
      tf.mul(weights[device] ?? 0, tf.tensor1d([10 * (device + 1)])),
    );
    expect(results?.map((result) => [...result.dataSync()])).toEqual([
      [10, 20],
      [40, 40],
    ]);
  });

  test("two that are loaded at once are one, and leave nothing of another behind", async () => {
    const before = Object.keys(tf.engine().registryFactory).length;
    const options = { plugin: path, devices: 1, cacheFolder: false } as const;
    const [first, second] = await Promise.all([xla(options).load(), xla(options).load()]);
    expect(second.running).toBe(first.running);
    expect(Object.keys(tf.engine().registryFactory).length).toBe(before + 1);
  });

  test("of engines that compute otherwise, all drive the devices of one client", async () => {
    const other = await xla({ plugin: path, devices: 2, products: "bfloat16", cacheFolder: false }).start();
    expect(other.client).toBe(engine.client);
    expect([...tf.add([1, 2], 1).dataSync()]).toEqual([2, 3]);
    other.stop();
    const one = await xla({ plugin: path, cacheFolder: false }).start();
    expect(one.client).not.toBe(engine.client);
    one.stop();
    one.client.close();
    const again = await xla({ plugin: path, cacheFolder: false }).start();
    expect([...tf.add([1, 2], 1).dataSync()]).toEqual([2, 3]);
    again.stop();
    again.client.close();
  });
});
