import { ConfigError } from "@kindred/errors";
import type { CompiledProgram } from "@kindred/pjrt";
import type { Program } from "@kindred/stablehlo";
import type { RunningEngine } from "@kindred/tensor";
import { describePlugins } from "@kindred/testing";
import { allReduce } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { aheadOfTime, type AheadOfTimeOptions } from "./ahead-of-time.ts";
import { xla } from "./xla.ts";

const compiled: CompiledProgram = {
  memory: { arguments: 1, outputs: 2, aliased: 3, temporary: 4, code: 5 },
  cost: { all: {} },
  serialize: () => new Uint8Array(),
  dispose: () => {},
};

/** Two devices of a topology that compiles anything. */
function topology(platform: string) {
  const device = (id: number) => ({ id, kind: "toy", description: "", process: id, attributes: {} });
  return { platform, version: "1", devices: [device(0), device(1)], compile: () => compiled };
}

/** A step of two devices: a weight that moves by the sum of both their gradients, and the loss. */
function step({ devices }: Pick<RunningEngine, "devices">): readonly number[] {
  if (devices === undefined) throw new Error("It has no devices.");
  const weights = [0, 1].map((device) => {
    const weight = tf.tensor1d([1, 2]);
    devices.place([weight], device);
    return weight;
  });
  const [first] = devices.together((device) => {
    const weight = weights[device] ?? tf.tensor1d([]);
    const gradient = allReduce(tf.mul(weight, weight), { index: device, size: 2 });
    const moved = tf.sub(weight, gradient);
    weight.dispose(); // its memory is the next one's
    return moved;
  });
  return [...(first?.dataSync() ?? [])];
}

describePlugins("ahead of time", ({ path }) => {
  test("compiles the program that devices which are there would run", async () => {
    const hashes: string[] = [];
    const onCompile = ({ hash }: { readonly hash: string }) => hashes.push(hash);
    const there = await xla({ plugin: path, devices: 2, cacheFolder: false, onCompile }).start();
    expect(step(there)).toEqual([-1, -6]);
    there.stop();

    const programs: Program[] = [];
    const options: AheadOfTimeOptions = {
      onProgram: (program, { memory }) => {
        expect(memory).toBe(compiled.memory);
        programs.push(program);
      },
    };
    const engine = await aheadOfTime(topology("cpu"), options).start();
    expect(step(engine)).toEqual([0, 0]);
    engine.stop();
    expect(programs.map(({ hash }) => hash)).toEqual(hashes);
    expect(programs[0]).toMatchObject({ replicas: 2, donated: [0] });
  });
});

test("leaves nothing in tfjs when it was stopped as often as it was started, and frees a program whose reader throws", async () => {
  const backends = () => Object.keys(tf.engine().registry);
  const before = backends();
  const dispose = vi.fn();
  const onProgram = () => {
    throw new Error("on purpose");
  };
  const made = aheadOfTime({ ...topology("cpu"), compile: () => ({ ...compiled, dispose }) }, { onProgram });
  const [engine, again] = [await made.start(), await made.start()];
  expect(backends()).toHaveLength(before.length + 1);
  expect(() => step(engine)).toThrow("on purpose");
  expect(dispose).toHaveBeenCalled();
  engine.stop();
  engine.stop();
  expect(backends()).toHaveLength(before.length + 1);
  again.stop();
  expect(backends()).toEqual(before);
  (await made.start()).stop();
});

test("refuses a topology without devices", () => {
  expect(() => aheadOfTime({ ...topology("tpu"), devices: [] })).toThrow(ConfigError);
  expect(() => aheadOfTime({ ...topology("tpu"), devices: [] })).toThrow("aheadOfTime: the topology has no devices.");
});
