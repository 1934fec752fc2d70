import { ShapeError } from "@kindred/errors";
import { nextTask } from "@kindred/mesh";
import type { Devices, Float, RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { allReduce, type CorePlace } from "./collective-ops.ts";
import { takeValues } from "./connect-steps.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { checksOf, finishStep, look, stepProfiler, take } from "./step-core.ts";
import type { MakeStepProgram, StepProgram, StepRunner, StepRunnerOptions, StepShare } from "./step-runner.ts";
import { type InitialValues, type TensorStore, tensorStore } from "./tensor-store.ts";

/**
 * A runner in this thread, its parameters in the engine's own memory: it needs neither workers nor SharedArrayBuffer, and the program may be
 * a function.
 *
 * There is one core; of an engine that drives devices, all of them. Each device then holds all parameters and what the optimizer
 * remembers, has its share of a step, and embeds batches of its own; a step is one program that all run together. Their shares have one shape
 * each. A batch that cannot be shared so is given `whole`: every device then does all of the step, and an equal part of the gradient is taken
 * from each (with `clipping: "xla-exact"`, all parts are clipped alike).
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
  const trained = specs.filter((spec) => first.program.optimizer.isFrozen?.(spec) !== true);
  const placeOf = (device: number) => places[device] ?? first; // there is one for each
  const profiler = stepProfiler(profile);
  const copyOf = async (tensor: Float) => {
    const copy = new Float32Array(tensor.size);
    await engine.read(tensor, copy);
    return copy;
  };

  const all = first.core.size;
  const onDevices = all > 1;
  const { processes } = devices;
  let alone: readonly StepProgram<Share, Batch>[] | undefined;

  return {
    cores: devices.count,
    equalShares: onDevices,
    ...(processes && { processes }),
    engine: engine.description,
    ...(engine.programs && { programs: engine.programs }),
    async run(shares, numbers, { whole = false, stop = false } = {}) {
      const [share] = shares;
      const expected = whole ? 1 : devices.count;
      if (share === undefined || shares.length !== expected)
        throw new ShapeError(`run: one share for every core. Got ${shares.length}, expected ${expected}.`);
      if (whole)
        alone ??= await programsFor(
          places.map(() => ({ index: 0, size: 1 })),
          { engine, options },
        );
      await nextTask();
      profiler.beginStep();
      const made: Float[] = [];
      try {
        const [result, ...others] = devices.together((device) => {
          const { core, program, store } = placeOf(device);
          const own = whole ? undefined : shares[device];
          const { loss, ...looked } =
            own === undefined
              ? partOfWhole(store, all, (part) => (alone?.[device] ?? program).step(part, share))
              : program.step(store, own);
          made.push(loss, ...checksOf(looked.checks));
          const total = onDevices ? allReduce(loss, core) : loss;
          made.push(total);
          if (total !== loss) loss.dispose();
          const update = store.update(numbers);
          // Data of the step: it is the same program whoever asks.
          const asking = processes && tf.tidy(() => allReduce(tf.scalar(Number(stop)), core));
          made.push(update.norm, ...(asking === undefined ? [] : [asking]));
          return [{ loss: total, ...looked }, update, asking] as const;
        });
        const [part, update, asking] = result!; // `!`: of one device at least
        const given = await finishStep(engine, part, update);
        for (const [{ checks }] of others) await look(engine, checks); // loss and norm are as the first has them
        if (asking === undefined) return given;
        const [count = 0] = await copyOf(asking);
        return { ...given, stop: count > 0 };
      } catch (error) {
        for (const { store } of places) store.forget();
        throw error;
      } finally {
        tf.dispose(made);
      }
    },
    async embed(batches) {
      const together = devices.portable ? devices.count : 1;
      const vectors: Float32Array[] = [];
      for (let next = 0; next < batches.length; next += together) {
        await nextTask();
        const tensors: Float[] = [];
        try {
          for (const [device, batch] of batches.slice(next, next + together).entries()) {
            const { program, store } = placeOf(device);
            tensors.push(devices.on(device, () => program.embed(store.parameters, batch)));
          }
          for (const tensor of tensors) vectors.push(await take(engine, tensor));
        } finally {
          tf.dispose(tensors);
        }
      }
      return vectors;
    },
    async read(name) {
      const tensor = first.store.parameters[name];
      if (tensor !== undefined) return copyOf(tensor);
      throw new ShapeError(`read: no such parameter. Got ${name}, expected one of ${specs.length}.`, { name });
    },
    state: () =>
      Object.entries(first.store.slots).flatMap(([slot, tensors]) =>
        trained.map(({ name, shape }) => ({
          ...{ name: `${slot}.${name}`, shape },
          read: () => copyOf(tensors[name]!), // `!`: a slot for each; looked up when it is read, as updates replace it
        })),
      ),
    profile: async () => profiler.stop(),
    async stop() {
      profiler.stop();
      for (const { store } of places) store.dispose();
      engine.stop();
    },
  };
}

/** The program and a store of its own on every device, with the values that a run begins with. */
async function placesOn<Data, Share, Batch>(
  devices: Devices,
  { engine, options }: { readonly engine: RunningEngine; readonly options: SoloStepRunnerOptions<Data, Share, Batch> },
): Promise<readonly [Place<Share, Batch>, ...Place<Share, Batch>[]]> {
  const { index: process, count: processes } = devices.processes ?? { index: 0, count: 1 };
  const size = processes * devices.count;
  const cores = Array.from({ length: devices.count }, (_, own) => ({ index: process * devices.count + own, size }));
  const programs = await programsFor(cores, { engine, options });
  const given: { [name: string]: Float32Array } = {};
  await takeValues(options.values, options, (name, array) => {
    given[name] = array;
  });
  const places: Place<Share, Batch>[] = [];
  try {
    for (const [index, program] of programs.entries()) {
      const core = cores[index]!; // `!`: a program each
      const store = tensorStore(core, given satisfies InitialValues, { ...options, optimizer: program.optimizer });
      places.push({ core, program, store });
      devices.place(tensorsOf(store), index);
    }
  } catch (error) {
    for (const { store } of places) store.dispose();
    throw error;
  }
  const [first, ...others] = places;
  return [first!, ...others]; // `!`: an engine that has devices has one at least
}

async function programsFor<Data, Share, Batch>(
  cores: readonly CorePlace[],
  { engine, options }: { readonly engine: RunningEngine; readonly options: SoloStepRunnerOptions<Data, Share, Batch> },
): Promise<StepProgram<Share, Batch>[]> {
  const programs: StepProgram<Share, Batch>[] = [];
  for (const core of cores) programs.push(await options.program({ core, engine, data: options.data }));
  return programs;
}

/** A step of which every one of several devices does the whole: to its store and its loss it adds one part of as many. */
function partOfWhole(store: TensorStore, parts: number, step: (store: ParameterStore) => StepShare): StepShare {
  const add: ParameterStore["add"] = (name, gradient) => {
    const values = tf.div<Float>("rows" in gradient ? gradient.values : gradient, parts);
    try {
      store.add(name, "rows" in gradient ? { rows: gradient.rows, values } : values);
    } finally {
      values.dispose();
    }
  };
  const { loss, ...looked } = step({ ...store, add });
  const part = tf.div<Float<"">>(loss, parts);
  loss.dispose();
  return { loss: part, ...looked };
}

function tensorsOf({ parameters, slots }: TensorStore): Float[] {
  return [parameters, ...Object.values(slots)].flatMap((tensors) => Object.values(tensors));
}
