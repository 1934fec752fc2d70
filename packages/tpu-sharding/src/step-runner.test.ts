import { adamw } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { ConfigError, DataError, MeshError, ShapeError } from "@kindred/errors";
import { soloCore } from "@kindred/mesh";
import { cpu, type Engine, tfjs } from "@kindred/tensor";
import "@kindred/testing"; // toBeCloseToArray
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/tpu-sharding`.
import { startStepRunner } from "../dist/node/index.js";
import { cpuDevices } from "../test-support/cpu-devices.ts";
import { soloStepRunner } from "./solo-step-runner.ts";
import { stepCore } from "./step-core.ts";
import { storeMemory } from "./store-memory.ts";
import { firstProfiledStep, type StepRunner, type Values } from "./step-runner.ts";

const program = new URL("../test-programs/line.mjs", import.meta.url);
const specs: ParameterSpec[] = [{ name: "w", shape: [2], kind: "shift" }];
const optimizer = adamw({ learningRate: () => 0.5 });
type Runner = StepRunner<readonly number[] | string, number>;

type Given = {
  readonly values?: Values;
  readonly data?: unknown;
  readonly engine?: Engine;
  readonly profile?: boolean;
};
const options = ({ values = [["w", Float32Array.of(1, 2)]], ...given }: Given) => ({
  ...{ engine: cpu(), specs, optimizer, data: undefined, values },
  ...given,
});

async function soloRunner(given: Given): Promise<Runner> {
  const { default: make } = (await import(program.href)) as { default: never };
  return soloStepRunner({ ...options(given), program: make });
}

const forms = {
  "in this thread": { cores: 1, start: soloRunner },
  "on two devices": { cores: 2, start: (given) => soloRunner({ ...given, engine: cpuDevices(2).engine }) },
  "on one thread": { cores: 1, start: (given) => startStepRunner({ ...options(given), cores: 1, program }) },
  "on two threads": { cores: 2, start: (given) => startStepRunner({ ...options(given), cores: 2, program }) },
} satisfies { readonly [form: string]: { readonly cores: number; readonly start: (given: Given) => Promise<Runner> } };

describe.each(Object.entries(forms))("%s", (form, { cores, start }) => {
  const using = async <T>(given: Given, use: (runner: Runner) => Promise<T>): Promise<T> => {
    const runner = await start(given);
    try {
      return await use(runner);
    } finally {
      await runner.stop();
    }
  };
  const shares = (share: readonly number[] | string) => Array.from({ length: cores }, () => share);
  const stateOf = async (runner: Runner) => {
    const state: [string, Float32Array][] = [];
    for (const { name, read } of runner.state()) state.push([name, (await read()).slice()]);
    return state;
  };

  test("a step gives the loss of all cores and the norm, and moves parameters and moments", () =>
    using({}, async (runner) => {
      expect([runner.cores, runner.engine]).toEqual([cores, "tfjs cpu"]);
      const { loss, norm } = await runner.run(shares([3, -4]), optimizer.numbers(0));
      expect(loss).toBe(cores * (3 - 8));
      expect(norm).toBeCloseTo(5 * cores, 5);
      const moved = await runner.read("w");
      for (const [i, x] of [0.5, 2.5].entries()) expect(moved[i]).toBeCloseTo(x, 4); // ε is 1e-5 of √v
      const state = await stateOf(runner);
      expect(state.map(([name]) => name)).toEqual(["first.w", "second.w"]);
      expect(state[0]?.[1]).toBeCloseToArray([0.3 * cores, -0.4 * cores], { relative: 1e-6 });
    }));

  test("a run that goes on from parameters and state is the run that was never stopped, bit for bit", async () => {
    const gradients = [
      [1, 2],
      [-3, 0.5],
      [0.25, 1],
    ] as const;
    const through = async (runner: Runner, from: number, to: number) => {
      for (let step = from; step < to; step++) await runner.run(shares(gradients[step] ?? []), optimizer.numbers(step));
      return [["w", (await runner.read("w")).slice()] as const, ...(await stateOf(runner))];
    };
    const whole = await using({}, (runner) => through(runner, 0, 3));
    const half = await using({}, (runner) => through(runner, 0, 2));
    async function* stored() {
      yield* half;
    }
    expect(await using({ values: stored() }, (runner) => through(runner, 2, 3))).toEqual(whole);
  });

  test("any number of batches is embedded, in order, by the parameters as they are", () =>
    using({}, async (runner) => {
      const factors = [1, 2, 3, 4, 5];
      expect(await runner.embed(factors)).toEqual(factors.map((x) => Float32Array.of(x, 2 * x)));
      await runner.run(shares([3, -4]), optimizer.numbers(0));
      expect((await runner.embed([10]))[0]).toBeCloseToArray([5, 25], { relative: 1e-4 });
      expect(await runner.embed([])).toEqual([]);
    }));

  test("a norm that is not finite is reported, with the parameter where that is known, and nothing has moved", () =>
    using({}, async (runner) => {
      const { norm, notFinite } = await runner.run(shares([Number.NaN, 1]), optimizer.numbers(0));
      expect(norm).toBeNaN();
      expect(notFinite).toEqual(/^on .* threads?$/.test(form) ? ["w"] : undefined);
      expect([...(await runner.read("w"))]).toEqual([1, 2]);
    }));

  test("ops are measured from the third step on, where it is asked for", async () => {
    const profileOf = (profile: boolean) =>
      using({ profile }, async (runner) => {
        for (let step = 0; step < 4; step++) await runner.run(shares([1, 2]), optimizer.numbers(step));
        return runner.profile();
      });
    expect(await profileOf(false)).toBeUndefined();
    expect((await profileOf(true))?.kernels.length).toBeGreaterThan(0);
  });

  test("what the program throws is thrown as it is, at the start and in a step; an unknown gradient is named", async () => {
    await expect(start({ data: { failAtStart: true } })).rejects.toThrow("model.json: cannot start.");
    await using({}, async (runner) => {
      const failed = runner.run(shares("throw"), optimizer.numbers(0));
      await expect(failed).rejects.toThrow(DataError);
      await expect(failed).rejects.toThrow("not JSON on core");
    });
    await using({}, (runner) =>
      expect(runner.run(shares("unknown"), optimizer.numbers(0))).rejects.toThrow(
        'add: no such gradient. Got 2 elements for "v"',
      ),
    );
  });

  test("what is looked at after a step may refuse it", () =>
    using({}, async (runner) => {
      await runner.run(shares([100, 1]), optimizer.numbers(0));
      await expect(runner.run(shares([101, 1]), optimizer.numbers(1))).rejects.toThrow("pairs.jsonl: too large: 101.");
    }));

  test("shares, names and values that do not fit are refused", async () => {
    await using({}, async (runner) => {
      await expect(runner.run([], optimizer.numbers(0))).rejects.toThrow(ShapeError);
      await expect(runner.read("v")).rejects.toThrow("read: no such parameter. Got v, expected one of 1.");
    });
    const refused = (values: Values) => expect(start({ values })).rejects;
    await refused([]).toThrow("1 values are missing. Got none for w");
    await refused([["w", new Float32Array(3)]]).toThrow(ShapeError);
    await refused([
      ["w", new Float32Array(2)],
      ["v", new Float32Array(2)],
    ]).toThrow("values that nothing has. Got v");
    const halfState = [
      ["w", new Float32Array(2)],
      ["first.w", new Float32Array(2)],
    ] as const;
    await refused(halfState).toThrow("Got none for second.w, expected all parameters, and all slots or none.");
  });
});

test("threads refuse an engine that they can't find, and a program that is none", async () => {
  const { module: _, ...homeless } = cpu();
  await expect(startStepRunner({ ...options({ engine: homeless }), cores: 1, program })).rejects.toThrow(ConfigError);
  const empty = new URL("data:text/javascript,export const a = 1");
  const started = startStepRunner({ ...options({}), cores: 1, program: empty });
  await expect(started).rejects.toThrow("startStepRunner: the program has no function to start.");
});

test("a batch that devices cannot share equally is made whole by each, and moves parameters as on one", async () => {
  const moved: Float32Array[] = [];
  for (const count of [1, 2]) {
    const runner = await soloRunner({ engine: cpuDevices(count).engine });
    expect(runner.equalShares).toBe(count > 1);
    const { loss, norm } = await runner.run([[3, -4]], optimizer.numbers(0), { whole: true });
    expect([loss, norm]).toBeCloseToArray([3 - 8, 5], { tolerance: 1e-6 }); // halves and their sums are exact but for the root
    moved.push(await runner.read("w"));
    await runner.stop();
  }
  expect(moved[1]).toEqual(moved[0]);
});

test("devices hold their parameters and moments, and embed side by side where a program of one runs on all", async () => {
  for (const [portable, done] of [
    [true, ["on 0", "on 1", "on 0"]],
    [false, ["on 0", "on 0", "on 0"]],
  ] as const) {
    const { engine, where } = cpuDevices(2, { portable });
    const runner = await soloRunner({ engine });
    expect(await runner.embed([1, 2, 3])).toEqual([1, 2, 3].map((x) => Float32Array.of(x, 2 * x)));
    expect(where).toEqual({ placed: [3, 3], done });
    await runner.stop();
  }
});

test("a worker of a bundled page is told which part it has to bring", async () => {
  const memory = storeMemory([{ name: "w", shape: [1], kind: "shift" }], { cores: 1, slots: [] });
  const data = { engine: undefined, program: undefined, data: undefined, memory, store: {}, profile: false };
  await expect(stepCore()(soloCore(), data)).rejects.toThrow("this worker has no engine");
  await expect(stepCore({ engine: cpu() })(soloCore(), data)).rejects.toThrow("this worker has no program");
});

test("this thread alone refuses rows that stand still", async () => {
  const lazy = soloStepRunner({
    ...options({}),
    untouched: "lazy",
    program: () => ({ optimizer, step: () => new Promise(() => {}) as never, embed: (w) => w["w"] as never }),
  });
  await expect(lazy).rejects.toThrow('Got untouched "lazy", expected "dense"');
});

test("in this thread, a runner that cannot start and one that is stopped leave engine and kernels as they were", async () => {
  const before = await cpu().start();
  const kernels = () => tf.getKernelsForBackend(tf.getBackend()).map(({ kernelFunc }) => kernelFunc);
  const [backend, own] = [tf.getBackend(), kernels()];
  await expect(soloRunner({ engine: tfjs(), data: { failAtStart: true } })).rejects.toThrow("cannot start.");
  expect(tf.getBackend()).toBe(backend);
  const runner = await soloRunner({ profile: true });
  for (let step = 0; step < firstProfiledStep; step++) await runner.run([[1, 2]], optimizer.numbers(step));
  expect(kernels()).not.toEqual(own);
  await runner.stop();
  expect(kernels()).toEqual(own);
  before.stop();
});

test("stopping in the middle of a step rejects it", async () => {
  const runner = await startStepRunner({ ...options({}), cores: 2, program });
  const step = expect(
    runner.run(
      [
        [1, 2],
        [1, 2],
      ],
      optimizer.numbers(0),
    ),
  ).rejects.toThrow(MeshError);
  await runner.stop();
  await step;
});
