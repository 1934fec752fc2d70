import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { wasm } from "@kindred/backend-wasm";
import { type Compiled, xla } from "@kindred/backend-xla";
import { resumePoint } from "@kindred/run-folder/node";
import type { Engine } from "@kindred/tensor";
import { describePlugins, expectMutantToFail, toyPairs, toyVocabulary } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import {
  dealBatch,
  loadProgram,
  lossOf,
  newModel,
  trainConfig,
  trainingCore,
  trainingCoreModule,
  trainingOptimizer,
  trainingSteps,
  type TrainingRunner,
  withAlikeChunks,
} from "@kindred/trainer";
import { expect, test } from "vitest";
import { eventsOf, losses, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

const tokenizer = tokenizerFromVocab(toyVocabulary);
const steps = 10;

/** A module of a program, for cores that import it. */
const programOf = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(`export default ${source}`)}`);

/** What is trained: dropout on, texts of other lengths in each step, and as many rows as there may be devices. */
const config = trainConfig({
  ...{ hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 32, maxSeqLength: 12 },
  ...{ batchSize: 8, maxSteps: steps, warmupSteps: 2, learningRate: 1e-3, seed: 3 },
});

/** Ten steps of a runner: each loss, and the weights at the end but for keys' biases, whose true gradient is 0. */
async function trained(runner: TrainingRunner, program: URL | undefined) {
  const parts = await loadProgram(program);
  const loss = lossOf(config, parts);
  const optimizer = trainingOptimizer(config, parts);
  const all: number[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      const rows = Array.from({ length: config.batchSize }, (_, i) => {
        const texts = toyPairs[(step * 7 + i * 3) % toyPairs.length] ?? [];
        return {
          texts: i % 3 === step % 3 ? texts.map((text) => `${text} ${text}`) : texts,
          scores: [(i + step) / 10],
        };
      });
      const tokens = [0, 1].map((column) => tokenizer.encodeBatch(rows.map(({ texts }) => texts[column] ?? "")));
      const dealt = dealBatch(rows, tokens, { cores: runner.cores, loss });
      const totalRows = rows.length;
      const shares =
        runner.programs === undefined
          ? dealt
          : withAlikeChunks(dealt, { totalRows, maxBatchTokens: config.maxBatchTokens, ...runner.programs });
      const jobs = shares.map((share) => ({ step, share, totalRows }));
      all.push((await runner.run(jobs, optimizer.numbers(step))).loss);
    }
    const weights: [name: string, values: Float32Array][] = [];
    for (const { name } of model.encoder.specs)
      if (!name.endsWith("attn.k.bias")) weights.push([name, (await runner.read(name)).slice()]);
    return { losses: all, weights };
  } finally {
    await runner.stop();
  }
}

const model = newModel(config, tokenizer);
type Trained = Awaited<ReturnType<typeof trained>>;

async function stepsOf(engine: Engine, program: URL | undefined) {
  return trainingSteps(config, model, { engine, program, parts: await loadProgram(program) });
}

async function onCores(cores: number, program?: URL): Promise<Trained> {
  const made = { ...(await stepsOf(wasm(), program)), cores, program: trainingCoreModule() };
  return trained(await startStepRunner(made), program);
}

async function onDevices(engine: Engine, program?: URL): Promise<Trained> {
  return trained(await soloStepRunner({ ...(await stepsOf(engine, program)), program: trainingCore }), program);
}

/**
 * Ten steps at a rate of 1e-3 move a weight by 1e-2 at most, and other orders of float32 sums move one by some 1e-6 of that (3e-7 was seen);
 * losses of about 2 stray by their own rounding, 2.4e-7, and what the weights do.
 */
function expectSame(actual: Trained, expected: Trained): void {
  expect(actual.losses).toBeCloseToArray(expected.losses, { tolerance: 1e-5 });
  for (const [i, [name, values]] of expected.weights.entries())
    expect(actual.weights[i]?.[1], name).toBeCloseToArray(values, { tolerance: 1e-5 });
}

/**
 * A user's loss in plain tfjs ops: scores that are uploaded in each step, the largest by itself, and this core's rows cut out of all
 * cores' at `firstRow`.
 */
const judged = programOf(`({ tf }) => ({ loss: {
  name: "judged", options: {}, over: "rows", needs: { scores: "row" },
  value: ([first, second], { scores, batch, firstRow, totalRows, gather }) => {
    const own = tf.slice(gather(second), [firstRow, 0], [first.shape[0], -1]);
    const missed = tf.sub(tf.sum(tf.mul(first, own), 1), tf.tensor1d(Float32Array.from(scores)));
    return tf.div(tf.mul(tf.sum(tf.square(missed)), tf.scalar(Math.max(...batch.scores))), totalRows);
  },
} })`);

describePlugins("a run's steps on XLA", ({ name: pluginName, path: plugin }) => {
  const isNewer = pluginName === "lammps"; // on the older one the first case alone
  const compiles: Compiled[] = [];
  const devicesOf = (devices: number) =>
    xla({ plugin, devices, cacheFolder: false, onCompile: (compiled) => void compiles.push(compiled) });

  const gathers = [
    ["over rows, each device gathering what it compares its own with", undefined],
    [
      "over the batch, which each device has whole",
      programOf("({ contrastive }) => ({ loss: { ...contrastive(), over: 'batch' } })"),
    ],
  ] as const;
  test.each(isNewer ? gathers : gathers.slice(0, 1))(
    "eight devices are one device are two cores, dropout on, with the loss %s",
    async (_, program) => {
      const cores = await onCores(2, program);
      compiles.length = 0;
      const one = await onDevices(devicesOf(1), program);
      expectSame(one, cores);
      expectSame(await onDevices(devicesOf(8), program), one);
      expect(compiles.map(({ replicas }) => replicas)).toEqual([1, 8]); // one program each, whatever the lengths
    },
    240_000,
  );

  test.skipIf(!isNewer)(
    "a program's loss that uploads scores and slices where its rows begin is never that of another step or device",
    async () => {
      const core = await onCores(1, judged);
      compiles.length = 0;
      for (const devices of [1, 8]) expectSame(await onDevices(devicesOf(devices), judged), core);
      expect(compiles).toHaveLength(2);
      expectMutantToFail(() =>
        expectSame({ ...core, losses: core.losses.map((loss, i) => core.losses[i - 1] ?? loss) }, core),
      );
    },
    240_000,
  );

  test.skipIf(!isNewer)(
    "a run goes from cores to devices and back, with the losses of one that stayed",
    async () => {
      const still = { holdOut: 0, learningRate: 1e-3, saveSteps: 0 };
      const stayed = await eventsOf(train(prepare(still).config));
      const { config } = prepare(still);
      const going: number[] = [];
      for (const [part, backend] of ["wasm", "xla", "wasm", "xla"].entries()) {
        const stopAt = 3 * (part + 1);
        const asked = trainConfig(
          { backend, stopAt, ...(backend === "xla" ? { cores: 0, devices: 2 } : {}) },
          { base: config },
        );
        const resume = part === 0 ? {} : { resume: await resumePoint(config.output) };
        const machine = backend === "xla" ? { plugin, compileCache: "none" } : {};
        going.push(...losses(await eventsOf(train(asked, { ...resume, ...machine }))));
      }
      expect(going).toBeCloseToArray(losses(stayed), { tolerance: 1e-5 });
    },
    240_000,
  );

  test.skipIf(!isNewer)(
    "steps of several batches are those of cores, in one chunk and in several",
    async () => {
      for (const maxBatchTokens of [4096, 64]) {
        const several = { holdOut: 0, saveSteps: 0, stopAt: 3, gradientAccumulationSteps: 2, maxBatchTokens };
        const onCore = await eventsOf(train(prepare({ ...several, cores: 1 }).config));
        const { config } = prepare({ ...several, backend: "xla", cores: 0, devices: 2 });
        const onDevice = await eventsOf(train(config, { plugin, compileCache: "none" }));
        expect(losses(onDevice)).toBeCloseToArray(losses(onCore), { tolerance: 1e-5 });
      }
    },
    240_000,
  );

  test.skipIf(!isNewer)(
    "a sampler may give batches that devices cannot share equally",
    async () => {
      const uneven = `({ createSampler }) => ({ sampler: (options) => {
      const sampler = createSampler(options);
      return { ...sampler, next: async () => ({ rows: (await sampler.next()).rows.slice(1) }) };
    } })`;
      const all: number[][] = [];
      for (const [given, machine] of [
        [{ backend: "wasm", cores: 1 }, {}],
        [
          { backend: "xla", cores: 0, devices: 2 },
          { plugin, compileCache: "none" },
        ],
      ] as const) {
        const { config, folder } = prepare({ holdOut: 0, saveSteps: 0, stopAt: 3, ...given });
        const file = join(folder, "uneven.mjs");
        writeFileSync(file, `export default ${uneven}`);
        all.push(losses(await eventsOf(train(config, { program: new URL(`file://${file}`), ...machine }))));
      }
      expect(all[1]).toBeCloseToArray(all[0] ?? [], { tolerance: 1e-5 });
    },
    240_000,
  );
});
