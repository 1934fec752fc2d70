import { openPlugin } from "@kindred/pjrt";
import { defineEngine } from "@kindred/tensor";
import { describePlugins } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Programs } from "./compiler.ts";
import { partsOnClient } from "./parts-on-client.ts";

describePlugins("a recorder", ({ path }) => {
  test("forgets all when it is too much, says so, and loses no tensor", async () => {
    const client = (await openPlugin(path)).client({ devices: 1 });
    const reasons: string[] = [];
    const programs = new Programs({
      client,
      portable: false,
      folder: undefined,
      onCompile: ({ reason }) => reasons.push(reason),
    });
    const most = { programs: 3, calls: 100 };
    const { parts } = await partsOnClient({ client, count: 1, products: "float32", programs, most });
    const engine = await defineEngine({ name: "small", load: async () => parts }).start();
    let sum: tf.Tensor = tf.tensor1d([0]);
    const lengths = [1, 2, 3, 4, 1];
    for (const length of lengths) {
      const next = tf.tidy(() => tf.add(sum, tf.sum(tf.ones([length]))));
      sum.dispose();
      sum = next;
      expect([...sum.dataSync()].length).toBe(1);
    }
    expect([...sum.dataSync()]).toEqual([11]);
    expect(reasons).toEqual([
      "nothing was recorded before",
      "call 1 of Sum gets x = a new f32 [2], was x = a new f32 [1]",
      "call 1 of Sum gets x = a new f32 [3], was x = a new f32 [2]",
      "call 1 of Sum gets x = a new f32 [4], was x = a new f32 [3]",
      "all was forgotten, after 8 calls and 4 programs that differ",
    ]);
    expect(client.live.programs).toBe(1);
    sum.dispose();
    engine.stop();
    client.close();
  });

  test("counts what work recorded before it failed", async () => {
    const client = (await openPlugin(path)).client({ devices: 1 });
    const reasons: string[] = [];
    const onCompile = ({ reason }: { readonly reason: string }) => reasons.push(reason);
    const programs = new Programs({ client, portable: false, folder: undefined, onCompile });
    const most = { programs: 3, calls: 10 };
    const { parts, remove } = await partsOnClient({ client, count: 1, products: "float32", programs, most });
    const engine = await defineEngine({ name: "small", load: async () => parts }).start();
    const x = tf.tensor1d([1, 2]);
    const failing = () =>
      tf.tidy(() => {
        for (let i = 0; i < 11; i++) tf.add(x, x);
        throw new Error("on purpose");
      });
    expect(() => engine.devices?.on(0, failing)).toThrow("on purpose");
    expect([...tf.neg(x).dataSync()]).toEqual([-1, -2]);
    expect(reasons).toEqual(["all was forgotten, after 11 calls and 0 programs that differ"]);
    engine.stop();
    remove();
    client.close();
  });
});
