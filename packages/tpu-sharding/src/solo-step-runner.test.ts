import { adamw } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { cpu, type Engine, type RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cpuDevices } from "../test-support/cpu-devices.ts";
import { soloStepRunner } from "./solo-step-runner.ts";
import type { StepProgram } from "./step-runner.ts";

const specs: ParameterSpec[] = [
  { name: "v", shape: [3], kind: "shift" },
  { name: "w", shape: [2], kind: "shift" },
];
const optimizer = adamw({ learningRate: () => 0.5 });
const values = [["v", new Float32Array(3)] as const, ["w", Float32Array.of(1, 2)] as const];

/** What goes wrong where. */
type Fault = "in the step" | "in a check" | "in an embedding" | undefined;

const programFor = (faults: { now: Fault }): StepProgram<number, number> => ({
  optimizer,
  step: ({ parameters, add }, factor) => {
    const loss = tf.tidy(() => {
      add("v", tf.fill([3], factor)); // before it fails
      if (faults.now === "in the step") throw new RangeError("no step");
      add("w", tf.fill([2], factor));
      return tf.mul(tf.sum(parameters["w"] ?? []), factor);
    });
    const expectFine = () => {
      if (faults.now === "in a check") throw new RangeError("no good");
    };
    const check = () => ({ value: tf.scalar(factor), expect: expectFine });
    return { loss, checks: [check(), check()] };
  },
  embed: ({ w }, factor) => {
    if (faults.now === "in an embedding" && factor === 2) throw new RangeError("no vectors");
    return tf.mul(w ?? [], factor);
  },
});

/** An engine whose reads fail while `broken` says so. */
const unreadable = (engine: Engine, broken: { now: boolean }): Engine => ({
  ...engine,
  start: async (): Promise<RunningEngine> => {
    const running = await engine.start();
    const read: RunningEngine["read"] = (...given) =>
      broken.now ? Promise.reject(new RangeError("device lost")) : running.read(...given);
    return { ...running, read };
  },
});

let engineBefore: RunningEngine;
beforeAll(async () => {
  engineBefore = await cpu().start();
});
afterAll(() => engineBefore.stop());

const engines = { "one core": () => cpu(), "two devices": () => cpuDevices(2).engine };
const count = () => tf.memory().numTensors;

test.each(Object.entries(engines))(
  "on %s, whatever fails in a step or an embedding holds no tensor, and the next goes on",
  async (_, engine) => {
    const [faults, broken] = [{ now: undefined as Fault }, { now: false }];
    const [start, own] = [count(), engine()];
    const common = { specs, optimizer, values, data: undefined, program: () => programFor(faults) };
    const runner = await soloStepRunner({ ...common, engine: unreadable(own, broken) });
    const other = await soloStepRunner({ ...common, engine: engine(), program: () => programFor({ now: undefined }) });
    const shares = Array.from({ length: runner.cores }, () => 3);
    const held = count();
    for (const [fault, message] of [
      ["in the step", "no step"],
      ["in a check", "no good"],
    ] as const) {
      faults.now = fault;
      await expect(runner.run(shares, optimizer.numbers(0))).rejects.toThrow(message);
      expect(count(), fault).toBe(held);
    }
    faults.now = "in an embedding";
    await expect(runner.embed([1, 2])).rejects.toThrow("no vectors");
    faults.now = undefined;
    broken.now = true;
    await expect(runner.run(shares, optimizer.numbers(1))).rejects.toThrow("device lost");
    await expect(runner.embed([1, 3])).rejects.toThrow("device lost");
    broken.now = false;
    expect(count()).toBe(held);
    // The step that threw left nothing that is added to the next: those of the two others, whose update was done, count.
    await other.run(shares, optimizer.numbers(0));
    await other.run(shares, optimizer.numbers(1));
    expect(await runner.run(shares, optimizer.numbers(2))).toEqual(await other.run(shares, optimizer.numbers(2)));
    await runner.stop();
    await other.stop();
    expect(count()).toBe(start);
  },
);

test("a start that fails holds no tensor, wherever it does", async () => {
  const before = count();
  const { engine } = cpuDevices(2);
  const failing: Engine = {
    ...engine,
    start: async () => {
      const running = await engine.start();
      const place = (_: unknown, device: number) => {
        if (device === 1) throw new RangeError("no room");
      };
      return { ...running, ...(running.devices && { devices: { ...running.devices, place } }) };
    },
  };
  const common = { specs, optimizer, values, data: undefined, program: () => programFor({ now: undefined }) };
  await expect(soloStepRunner({ ...common, engine: failing })).rejects.toThrow("no room");
  await expect(soloStepRunner({ ...common, engine: cpu(), values: values.slice(1) })).rejects.toThrow("missing");
  const short = [["v", new Float32Array(3)] as const, ["w", new Float32Array(3)] as const];
  await expect(soloStepRunner({ ...common, engine: cpu(), values: short })).rejects.toThrow("do not fit w");
  expect(count()).toBe(before);
});
