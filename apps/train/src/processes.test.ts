// Several hosts are simulated: two processes' runs in one thread over one runner, and a process that is told that it is the second of two.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cpu, defineEngine, type Devices, implement } from "@kindred/tensor";
import { allGatherOp, allReduceOp, reduceScatterOp, type StepResult } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import {
  type TrainConfig,
  type TrainEvent,
  trainingCoreModule,
  trainingRun,
  type TrainingRunner,
  trainingSteps,
} from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsOf, inputsOf, losses, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

const quiet = { maxSteps: 6, saveSteps: 0, evalSteps: 0, holdOut: 0, backend: "cpu" };

type Waiting = {
  readonly shares: Parameters<TrainingRunner["run"]>[0];
  readonly stop: boolean;
  readonly resolve: (result: StepResult) => void;
  readonly reject: (error: unknown) => void;
};

/** Runners of one core each, as two hosts have them, over one of two cores: a step is made once both have given their share of it. */
function asTwo(runner: TrainingRunner): TrainingRunner[] {
  let waiting: Waiting[] = [];
  return [0, 1].map((index) => ({
    ...runner,
    cores: 1,
    processes: { index, count: 2 },
    run: (shares, numbers, { stop = false } = {}) =>
      new Promise((resolve, reject) => {
        waiting[index] = { shares, stop, resolve, reject };
        const [first, second] = waiting;
        if (first === undefined || second === undefined) return;
        waiting = [];
        const both = [first, second];
        runner.run([...first.shares, ...second.shares], numbers).then(
          (result) => {
            for (const each of both) each.resolve({ ...result, stop: first.stop || second.stop });
          },
          (error) => {
            for (const each of both) each.reject(error);
          },
        );
      }),
  }));
}

/** The events of both processes, and which steps each saved; with `stopAfter` the second is asked to stop once it has made so many steps. */
async function onTwoProcesses(config: TrainConfig, stopAfter?: number) {
  const { model } = await inputsOf(config);
  const steps = trainingSteps(config, model, { engine: cpu() });
  const runner = await startStepRunner({ ...steps, cores: 2, program: trainingCoreModule() });
  try {
    const runs = asTwo(runner).map(async (own, index) => {
      const stop = new AbortController();
      const saved: number[] = [];
      const saves = {
        saveCheckpoint: async ({ state }: { readonly state: { readonly step: number } }) => {
          saved.push(state.step);
          return `checkpoint-${state.step}`;
        },
        saveModel: async () => "model",
      };
      const events: TrainEvent[] = [];
      const parts = { ...(await inputsOf(config)), runner: own, saves, signal: stop.signal };
      for await (const event of trainingRun(config, parts)) {
        events.push(event);
        if (index === 1 && event.type === "step" && event.step === stopAfter) stop.abort("SIGTERM");
      }
      await parts.sampler.close();
      return { events, saved };
    });
    return await Promise.all(runs);
  } finally {
    await runner.stop();
  }
}

test("two processes of a core each make the steps of one of two cores", async () => {
  const { config } = prepare({ ...quiet, cores: 2 });
  const [first, second] = await onTwoProcesses(config);
  const one = losses(await eventsOf(train(config)));
  expect(one).toHaveLength(6);
  expect(losses(first?.events ?? [])).toEqual(one);
  expect(losses(second?.events ?? [])).toEqual(one);
});

test("processes of which one is asked to stop stop together, after the step by which they hear of it", async () => {
  const { config } = prepare({ ...quiet, cores: 2, maxSteps: 40 });
  const [first, second] = await onTwoProcesses(config, 2);
  const endOf = (events: readonly TrainEvent[] = []) => {
    const last = events.at(-1);
    return last?.type === "stopped" ? [last.step, last.reason] : [last?.type];
  };
  expect(endOf(second?.events)).toEqual([3, "SIGTERM"]);
  expect(endOf(first?.events)).toEqual([3, "another process was asked to stop"]);
  expect([first?.saved, second?.saved]).toEqual([[3], [3]]);
});

describe("on one of two hosts, of which the other has the same rows", () => {
  const devices: Omit<Devices, "processes"> = {
    ...{ count: 1, portable: true, place: () => {} },
    ...{ on: (_, work) => work(), together: (work) => [work(0)] },
  };
  const host = (index: number) =>
    defineEngine({
      name: "a host",
      load: async () => {
        const parts = await cpu().load();
        return { ...parts, running: { ...parts.running, devices: { ...devices, processes: { index, count: 2 } } } };
      },
    });
  const giveBack: (() => void)[] = [];
  beforeAll(() => {
    const twice = (x: tf.Tensor2D) => tf.mul<tf.Tensor2D>(x, 2);
    giveBack.push(
      implement(allReduceOp, "cpu", ({ x }) => tf.mul(x, 2)),
      implement(allGatherOp, "cpu", ({ x }) => tf.concat2d([x as tf.Tensor2D, x as tf.Tensor2D], 0)), // a matrix, as the op says
      implement(reduceScatterOp, "cpu", ({ x }, _, { index, rows: [own = 0] }) =>
        tf.tidy(() => twice(tf.slice2d(x as tf.Tensor2D, [index * own, 0], [own, -1]))),
      ),
    );
  });
  afterAll(() => {
    for (const back of giveBack) back();
  });

  test.each([0, 1])("host %i stops by what a step gives, and the first alone writes", async (index) => {
    const { config } = prepare({ ...quiet, maxSteps: 20 });
    const stop = new AbortController();
    const events: TrainEvent[] = [];
    for await (const event of train(config, { engine: host(index), signal: stop.signal })) {
      events.push(event);
      if (event.type === "step" && event.step === 2) stop.abort("SIGINT");
    }
    const path = join(config.output, "checkpoint-3");
    expect(events.at(-1)).toEqual({ type: "stopped", step: 3, path, reason: "SIGINT" });
    expect([existsSync(config.output), existsSync(path)]).toEqual(index === 0 ? [true, true] : [false, false]);
  });
});
