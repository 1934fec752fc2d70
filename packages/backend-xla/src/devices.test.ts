import { ConfigError } from "@kindred/errors";
import { linear } from "@kindred/nn";
import { valueAndGradients } from "@kindred/tensor";
import { describePlugins, floatsFromSeed } from "@kindred/testing";
import { allReduce } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { xla } from "./xla.ts";

describePlugins("devices", ({ path }) => {
  const [rows, width] = [8, 6];
  const compiled: { reason: string; replicas: number }[] = [];
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  beforeAll(async () => {
    engine = await xla({
      plugin: path,
      devices: 4,
      cacheFolder: false,
      onCompile: (each) => compiled.push(each),
    }).start();
  });
  afterAll(() => engine.stop());

  /** Steps down the mean square of x·Wᵀ on some of the devices; each has its share of the rows. */
  function train(count: number): number[] {
    const devices = engine.devices!; // `!`: this engine has devices
    const weights = Array.from({ length: count }, () => tf.tensor2d(floatsFromSeed(1, width * width), [width, width]));
    for (const [device, weight] of weights.entries()) devices.place([weight], device);
    const share = rows / count;
    const work = (step: number) => (device: number) => {
      const weight = weights[device]!; // `!`: one for each
      const x = tf.tensor2d(
        floatsFromSeed(10 + step, rows * width).slice(device * share * width, (device + 1) * share * width),
        [share, width],
      );
      const loss = () => tf.div(tf.sum(tf.square(linear(x, weight))), rows) as tf.Scalar;
      const { value, gradients } = valueAndGradients(loss, { weight });
      const core = { index: device, size: count };
      const sum = (tensor: tf.Tensor) => (count === 1 ? tf.clone(tensor) : allReduce(tensor, core));
      weights[device] = tf.keep(tf.tidy(() => tf.sub(weight, tf.mul(sum(gradients.weight!), 0.05)))); // `!`: the loss depends on it
      const total = tf.keep(sum(value));
      tf.dispose([x, weight, value, gradients]);
      return total;
    };
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) {
      const totals = count === 1 ? [devices.on(0, () => work(step)(0))] : devices.together(work(step));
      const values = totals.map((total) => total.dataSync()[0] ?? 0);
      expect(new Set(values).size).toBe(1);
      losses.push(values[0] ?? 0);
      tf.dispose([...totals]);
    }
    expect(new Set(weights.map((weight) => weight.dataSync().join())).size).toBe(1);
    losses.push(...weights[0]!.dataSync()); // `!`: there is one
    tf.dispose(weights);
    return losses;
  }

  test("have the loss and the weights of one, each with its share of the rows", () => {
    const before = tf.memory().numTensors;
    const one = train(1);
    compiled.length = 0;
    // Sums over 8 rows in another order, five steps long: some 2⁻²³ of numbers below 10 each time.
    expect(train(4)).toBeCloseToArray(one, { tolerance: 1e-5 });
    expect(compiled.map(({ replicas }) => replicas)).toEqual([4]);
    expect(tf.memory().numTensors).toBe(before);
    expect(engine.client.live.buffers).toBe(0);
  });

  test("run the same program for work on any of them", () => {
    const devices = engine.devices!; // `!`: this engine has devices
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    devices.place([x], 1);
    devices.place([y], 3);
    compiled.length = 0;
    const results = [devices.on(1, () => tf.mul(x, 2)), devices.on(3, () => tf.mul(y, 2))];
    expect(results.map((result) => [...result.dataSync()])).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(compiled.length).toBe(1);
    expect([...devices.on(0, () => tf.add(x, y)).dataSync()]).toEqual([4, 6]); // brought together where they are needed
    tf.dispose([x, y, ...results]);
  });

  test("that call different ops are told which, before anything runs", () => {
    const devices = engine.devices!; // `!`: this engine has devices
    const work = (device: number) => tf.tidy(() => tf.sum(tf.mul(tf.ones([device === 2 ? 3 : 2]), 2)));
    expect(() => devices.together(work)).toThrow(ConfigError);
    expect(() => devices.together(work)).toThrow(
      "together: devices call different ops. Got that on device 2 call 1 of Multiply gets a = a new f32 [3], was a = a new f32 [2] on device 0, expected the same " +
        "ops on the same shapes. Give every device as many rows, and let nothing that is called depend on its index.",
    );
    const shorter = (device: number) =>
      tf.tidy(() => (device === 1 ? tf.neg(tf.scalar(2)) : tf.abs(tf.neg(tf.scalar(2)))));
    expect(() => devices.together(shorter)).toThrow("Got that on device 1 call 2 is the end, was Abs on device 0");
    expect([...tf.add(tf.scalar(1), 1).dataSync()]).toEqual([2]);
  });

  test("there must be as many as are asked for, and a whole number", async () => {
    expect(() => xla({ devices: 0 })).toThrow("xla: no number of devices. Got 0, expected a whole number from 1 on.");
    const two = await xla({ plugin: path, devices: 2, cacheFolder: false }).start();
    expect(two.devices?.count).toBe(2);
    expect(two.description).toBe("XLA on 2 × cpu");
    const x = tf.tensor1d([1]);
    engine.stop();
    const elsewhere = tf.add(x, 1); // a tensor of one client on another
    expect([...elsewhere.dataSync()]).toEqual([2]);
    two.stop();
  });
});
