import { ShapeError } from "@kindred/errors";
import { nextTask, soloCore } from "@kindred/mesh";
import type { Float, RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { takeValues } from "./connect-steps.ts";
import { finishStep, stepProfiler, take } from "./step-core.ts";
import type { MakeStepProgram, StepRunner, StepRunnerOptions } from "./step-runner.ts";
import { type InitialValues, tensorStore } from "./tensor-store.ts";

/**
 * A runner of one core in this thread, its parameters in the engine's own memory: it needs neither workers nor SharedArrayBuffer, and the
 * program may be a function.
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

/** What a runner of one core takes: {@link StepRunnerOptions} and the program itself. */
export type SoloStepRunnerOptions<Data, Share, Batch> = StepRunnerOptions<Data> & {
  readonly program: MakeStepProgram<Data, Share, Batch>;
};

async function runnerOn<Data, Share, Batch>(
  engine: RunningEngine,
  { program: make, ...options }: SoloStepRunnerOptions<Data, Share, Batch>,
): Promise<StepRunner<Share, Batch>> {
  const { specs, values, profile = false } = options;
  const core = soloCore();
  const program = await make({ core, engine, data: options.data });
  const given: { [name: string]: Float32Array } = {};
  await takeValues(values, options, (name, array) => {
    given[name] = array;
  });
  const store = tensorStore(core, given satisfies InitialValues, { ...options, optimizer: program.optimizer });
  const profiler = stepProfiler(profile);
  const copyOf = async (tensor: Float) => {
    const copy = new Float32Array(tensor.size);
    await engine.read(tensor, copy);
    return copy;
  };

  return {
    cores: 1,
    engine: engine.description,
    async run([share, ...others], numbers) {
      if (share === undefined || others.length > 0)
        throw new ShapeError(
          `run: one share for every core. Got ${share === undefined ? 0 : 1 + others.length}, expected 1.`,
        );
      await nextTask();
      profiler.beginStep();
      return finishStep(engine, program.step(store, share), store.update(numbers));
    },
    async embed(batches) {
      const vectors: Float32Array[] = [];
      for (const batch of batches) {
        await nextTask();
        vectors.push(await take(engine, program.embed(store.parameters, batch)));
      }
      return vectors;
    },
    async read(name) {
      const tensor = store.parameters[name];
      if (tensor !== undefined) return copyOf(tensor);
      throw new ShapeError(`read: no such parameter. Got ${name}, expected one of ${specs.length}.`, { name });
    },
    async *state() {
      for (const [slot, byName] of Object.entries(store.slots)) {
        for (const { name, shape } of specs) {
          const tensor = byName[name];
          if (tensor !== undefined) yield [`${slot}.${name}`, { shape, values: await copyOf(tensor) }] as const;
        }
      }
    },
    profile: async () => profiler.stop(),
    async stop() {
      profiler.stop();
      for (const tensors of [store.parameters, ...Object.values(store.slots)]) tf.dispose(Object.values(tensors));
      engine.stop();
    },
  };
}
