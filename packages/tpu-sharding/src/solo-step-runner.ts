import { ShapeError } from "@kindred/errors";
import { nextTask } from "@kindred/mesh";
import type { Devices, Float, RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { allReduce } from "./all-reduce.ts";
import { takeValues } from "./connect-steps.ts";
import type { CorePlace } from "./core-place.ts";
import { finishStep, stepProfiler, take } from "./step-core.ts";
import type { MakeStepProgram, StepProgram, StepRunner, StepRunnerOptions } from "./step-runner.ts";
import { type InitialValues, type TensorStore, tensorStore } from "./tensor-store.ts";

/**
 * A runner in this thread, its parameters in the engine's own memory: it needs neither workers nor SharedArrayBuffer, and the program may be
 * a function.
 *
 * There is one core; of an engine that drives devices, all of them. Each device then holds all parameters and what the optimizer
 * remembers, has its share of a step, and embeds batches of its own; a step is one program that all run together.
 *
 * The thread is busy while a step runs; between two, other tasks have their turn.
 *
 * @throws ShapeError unless there are values for all parameters, of their sizes.
 * @throws ConfigError for `untouched: "lazy"`, and what engine and program throw.
 *
 * @example
 * ```ts
 * import { adamw, constantSchedule } from "@kindred/adamw";
 * import { cpu, valueAndGradients } from "@kindred/tensor";
 * import { soloStepRunner } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const optimizer = adamw({ learningRate: constantSchedule({ learningRate: 0.5 }) });
 * const runner = await soloStepRunner<undefined, number, number>({
 *   engine: cpu(),
 *   specs: [{ name: "w", shape: [1], kind: "shift" }],
 *   values: [["w", Float32Array.of(3)]],
 *   optimizer,
 *   data: undefined,
 *   program: () => ({
 *     optimizer,
 *     step: (store, factor) => { // the loss is factor · w, its gradient the factor
 *       store.add("w", tf.tensor1d([factor]));
 *       return { loss: tf.sum(tf.mul(store.parameters.w!, factor)) };
 *     },
 *     embed: ({ w }, factor) => tf.mul(w!, factor),
 *   }),
 * });
 * await runner.run([4], optimizer.numbers(0)); // => { loss: 12, norm: 4 }
 * await runner.read("w"); // => [2.5]
 * await runner.stop();
 * ```
 */
export async function soloStepRunner<Data, Share, Batch>(
  options: SoloStepRunnerOptions<Data, Share, Batch>,
): Promise<StepRunner<Share, Batch>> {
  const engine = await options.engine.start();
  try {
    return await runnerOn(engine, options);
  } catch (error) {
    engine.stop(); // else the thread would stay with it
    throw error;
  }
}

/** What a runner in this thread takes: {@link StepRunnerOptions} and the program itself, which is called once for each device. */
export type SoloStepRunnerOptions<Data, Share, Batch> = StepRunnerOptions<Data> & {
  readonly program: MakeStepProgram<Data, Share, Batch>;
};

/** What a core or a device works with. */
type Place<Share, Batch> = {
  readonly core: CorePlace;
  readonly program: StepProgram<Share, Batch>;
  readonly store: TensorStore;
};

/** One core, for engines without devices. */
const thisThread: Devices = {
  count: 1,
  portable: true,
  place: () => {},
  on: (_, work) => work(),
  together: (work) => [work(0)],
};

async function runnerOn<Data, Share, Batch>(
  engine: RunningEngine,
  options: SoloStepRunnerOptions<Data, Share, Batch>,
): Promise<StepRunner<Share, Batch>> {
  const { specs, profile = false } = options;
  const { devices = thisThread } = engine;
  const places = await placesOn(devices, { engine, options });
  const [first] = places;
  const placeOf = (device: number) => places[device] ?? first; // there is one for each
  const profiler = stepProfiler(profile);
  const copyOf = async (tensor: Float) => {
    const copy = new Float32Array(tensor.size);
    await engine.read(tensor, copy);
    return copy;
  };

  return {
    cores: devices.count,
    engine: engine.description,
    ...(engine.programs && { programs: engine.programs }),
    async run(shares, numbers) {
      if (shares.length !== devices.count)
        throw new ShapeError(`run: one share for every core. Got ${shares.length}, expected ${devices.count}.`);
      await nextTask();
      profiler.beginStep();
      const parts = devices.together((device) => {
        const { core, program, store } = placeOf(device);
        const { loss, checks } = program.step(store, shares[device]!); // `!`: there are as many as devices
        const total = core.size === 1 ? loss : allReduce(loss, core);
        if (total !== loss) loss.dispose();
        return [{ loss: total, ...(checks && { checks }) }, store.update(numbers)] as const;
      });
      const results = [];
      for (const part of parts) results.push(await finishStep(engine, ...part));
      return results[0]!; // `!`: a device at least
    },
    async embed(batches) {
      const together = devices.portable ? devices.count : 1;
      const vectors: Float32Array[] = [];
      for (let next = 0; next < batches.length; next += together) {
        await nextTask();
        const tensors = batches.slice(next, next + together).map((batch, device) => {
          const { program, store } = placeOf(device);
          return devices.on(device, () => program.embed(store.parameters, batch));
        });
        for (const tensor of tensors) vectors.push(await take(engine, tensor));
      }
      return vectors;
    },
    async read(name) {
      const tensor = first.store.parameters[name];
      if (tensor !== undefined) return copyOf(tensor);
      throw new ShapeError(`read: no such parameter. Got ${name}, expected one of ${specs.length}.`, { name });
    },
    async *state() {
      for (const [slot, byName] of Object.entries(first.store.slots)) {
        for (const { name, shape } of specs) {
          const tensor = byName[name];
          if (tensor !== undefined) yield [`${slot}.${name}`, { shape, values: await copyOf(tensor) }] as const;
        }
      }
    },
    profile: async () => profiler.stop(),
    async stop() {
      profiler.stop();
      for (const { store } of places) tf.dispose(tensorsOf(store));
      engine.stop();
    },
  };
}

/** The program and a store of its own on every device, with the values that a run begins with. */
async function placesOn<Data, Share, Batch>(
  devices: Devices,
  { engine, options }: { readonly engine: RunningEngine; readonly options: SoloStepRunnerOptions<Data, Share, Batch> },
): Promise<readonly [Place<Share, Batch>, ...Place<Share, Batch>[]]> {
  const { program: make, values, data } = options;
  const programs: StepProgram<Share, Batch>[] = [];
  const coreOf = (index: number): CorePlace => ({ index, size: devices.count });
  for (let index = 0; index < devices.count; index++) programs.push(await make({ core: coreOf(index), engine, data }));
  const given: { [name: string]: Float32Array } = {};
  await takeValues(values, options, (name, array) => {
    given[name] = array;
  });
  const places = programs.map((program, index) => {
    const core = coreOf(index);
    const store = tensorStore(core, given satisfies InitialValues, { ...options, optimizer: program.optimizer });
    devices.place(tensorsOf(store), index);
    return { core, program, store };
  });
  const [first, ...others] = places;
  return [first!, ...others]; // `!`: an engine that has devices has one at least
}

function tensorsOf({ parameters, slots }: TensorStore): Float[] {
  return [parameters, ...Object.values(slots)].flatMap((tensors) => Object.values(tensors));
}
