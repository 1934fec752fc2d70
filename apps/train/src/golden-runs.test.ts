import { xla } from "@kindred/backend-xla";
import { cpu, type Engine, tfjs } from "@kindred/tensor";
import { describePlugins, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import {
  type BatchShare,
  loadedModel,
  trainConfig,
  trainingCore,
  trainingCoreModule,
  trainingOptimizer,
  type TrainingRunner,
  trainingSteps,
  withAlikeChunks,
} from "@kindred/trainer";
import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { contrastive } from "@kindred/contrastive-loss";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { batchGradients } from "./batch-gradients.ts";
import { openModelFolder } from "@kindred/model-folder/node";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A run of the golden files: its name there, the cores and options that make it, and the engine. */
type Run = [name: string, cores: number, options: object, engine?: Engine];

const torch = { optimizer: "torch", weightDecay: 0.01, decay: "all", adamEpsilon: 1e-8 };
/** What Python trained: its folder, the model that it began with, runs, batches of which it took the gradient, how far final weights may stray. */
type Training = {
  readonly folder: readonly string[];
  readonly model: readonly string[];
  readonly runs: readonly Run[];
  /** Those that devices make, too: all on the newer plugin, on the older one the last. */
  readonly onDevices: readonly Run[];
  readonly batches: readonly (readonly [set: "pairs" | "triplets", direction: "symmetric" | "oneWay"])[];
  readonly finalTolerance: number;
  /** How far a gradient may, of its largest entry. Default: 2.1e-5, 8 times what Python's float32 strays. */
  readonly gradientTolerance?: number;
};

const trainings: readonly Training[] = [
  {
    folder: ["golden", "training-tiny"],
    model: ["golden", "mpnet-tiny", "model"],
    runs: [
      ["hf", 1, { optimizer: "hf" }],
      ["hf", 1, { maxSeqLength: 3, maxBatchTokens: 40 }], // some columns in chunks, by GradCache
      ["hf", 1, {}, tfjs()],
      ["hf", 1, {}, cpu()],
      ["hf", 1, {}, wasm({ revectorization: enableRevectorization() })],
      ["hf-decay", 1, { optimizer: "hf", weightDecay: 0.01, decay: "all" }],
      ["torch", 1, torch],
      ["xla-exact", 4, { clipping: "xla-exact" }],
      ["xla-exact-clip6", 4, { clipping: "xla-exact", maxGradNorm: 6 }],
      ["xla-clean", 4, { clipping: "xla-clean" }],
    ],
    onDevices: [
      ["hf", 1, {}],
      ["hf", 1, { maxSeqLength: 3, maxBatchTokens: 40 }],
      ["hf-decay", 1, { weightDecay: 0.01, decay: "all" }],
      ["torch", 1, torch],
      ["xla-exact", 4, { clipping: "xla-exact" }],
      ["xla-exact-clip6", 4, { clipping: "xla-exact", maxGradNorm: 6 }],
      ["xla-clean", 4, { clipping: "xla-clean" }],
      ["hf", 8, {}],
    ],
    batches: [
      ["pairs", "symmetric"],
      ["pairs", "oneWay"],
      ["triplets", "oneWay"],
    ],
    finalTolerance: 1e-5,
  },
  {
    folder: ["golden", "families", "training", "bert"],
    model: ["golden", "families", "bert", "model"],
    runs: [
      ["torch", 1, torch],
      ["torch", 2, torch],
      ["torch", 1, { ...torch, maxBatchTokens: 48 }], // in chunks, by GradCache
      ["torch", 1, torch, cpu()],
    ],
    onDevices: [
      ["torch", 1, torch],
      ["torch", 2, torch],
    ],
    batches: [["pairs", "symmetric"]],
    finalTolerance: 6e-5,
  },
  {
    folder: ["golden", "families", "training", "distilbert"],
    model: ["golden", "families", "distilbert", "model"],
    runs: [],
    onDevices: [],
    batches: [["pairs", "symmetric"]],
    finalTolerance: 0,
  },
  {
    folder: ["golden", "more-families", "training", "roberta"],
    model: ["golden", "more-families", "roberta", "model"],
    runs: [],
    onDevices: [],
    batches: [["pairs", "symmetric"]],
    finalTolerance: 0,
    gradientTolerance: 5.4e-5, // 8 times 6.7e-6
  },
];

/** The bias of attention's keys has a true gradient of 0, of which Adam blows up the rounding noise. */
const isKeyBias = (name: string) => /attention\.(attn\.k|self\.key|k_lin)\.bias$/.test(name);

type Column = { readonly ids: readonly (readonly number[])[]; readonly mask: readonly (readonly number[])[] };
type Batch = { readonly texts: readonly (readonly string[])[] };
type Golden = {
  readonly maxLength: number;
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly pairs: Batch;
  readonly triplets?: Batch;
  readonly steps: readonly { readonly columns: readonly Column[] }[];
  readonly float64: { readonly [run: string]: unknown };
};

/** Rows `from … to` of a padded golden column, packed. */
function packed({ ids, mask }: Column, from: number, to: number) {
  const rows = ids.slice(from, to).map((row, i) => row.filter((_, j) => mask[from + i]![j] === 1));
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = starts[i]! + row.length;
  });
  return { ids: Int32Array.from(rows.flat()), starts };
}

function shares(columns: readonly Column[], cores: number): BatchShare[] {
  const count = columns[0]!.ids.length / cores;
  const own = Int32Array.from({ length: columns[0]!.ids.length }, (_, i) => i);
  return Array.from({ length: cores }, (_, core) => ({
    columns: columns.map((column) => packed(column, core * count, (core + 1) * count)),
    rows: own.slice(core * count, (core + 1) * count),
    firstRow: core * count,
    data: { textIds: columns.map((_, column) => own.map((i) => i + column * own.length)) }, // all texts count as different, as in Python
  }));
}

type Golds = ReturnType<typeof goldensOf>;

function goldensOf({ folder }: Training) {
  return {
    isThere: sharedExists(...folder, "expected.json"),
    golden: () => readJson<Golden>(sharedPath(...folder, "expected.json")),
    /** The repository itself has no large files: without them losses alone are compared. */
    tensorsOf: (name: string) =>
      sharedExists(...folder, name) ? readGoldenTensors(sharedPath(...folder, name)) : undefined,
  };
}

type Steps = ReturnType<typeof trainingSteps>;

/** Makes the steps of a golden run, and compares its losses and final weights. */
async function expectGoldenRun(
  { model, finalTolerance }: Training,
  { golden, tensorsOf }: Golds,
  [name, cores, options, engine = wasm()]: Run,
  start: (steps: Steps) => Promise<TrainingRunner> = (steps) =>
    startStepRunner({ ...steps, cores, program: trainingCoreModule() }),
): Promise<void> {
  const { peakLearningRate, warmupSteps, totalSteps, steps, float64 } = golden();
  const config = trainConfig({
    ...options,
    learningRate: peakLearningRate,
    warmupSteps,
    maxSteps: totalSteps,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
  });
  const tiny = await loadedModel(config, await openModelFolder(sharedPath(...model)));
  const runner = await start(trainingSteps(config, tiny, { engine }));
  const optimizer = trainingOptimizer(config);
  try {
    expect(runner.cores).toBe(cores);
    const expected = float64[name] as readonly { readonly loss: number }[];
    for (const [step, { columns }] of steps.slice(0, expected.length).entries()) {
      const totalRows = columns[0]?.ids.length ?? 0;
      const dealt = shares(columns, cores);
      const own =
        runner.programs === undefined
          ? dealt
          : withAlikeChunks(dealt, { totalRows, maxBatchTokens: config.maxBatchTokens, ...runner.programs });
      const jobs = own.map((share) => ({ step, share, totalRows }));
      const { loss } = await runner.run(jobs, optimizer.numbers(step));
      expect(Math.abs(loss - (expected[step]?.loss ?? Number.NaN))).toBeLessThan(8e-6); // 8 times Python's own float32 from its float64
    }
    const final = tensorsOf("final-float64.safetensors");
    if (final === undefined) return;
    for (const parameter of Object.keys(tiny.weights)) {
      if (isKeyBias(parameter)) continue;
      const want = final.get(`final.${name}.${parameter}`)?.values ?? [];
      expect(await runner.read(parameter), parameter).toBeCloseToArray(want, { tolerance: finalTolerance });
    }
  } finally {
    await runner.stop();
  }
}

/** Compares the gradient of every weight of a golden batch. */
async function expectGoldenGradients(
  { model, gradientTolerance = 2.1e-5 }: Training,
  { golden, tensorsOf }: Golds,
  [set, direction]: Training["batches"][number],
  engine: Engine = wasm(),
): Promise<void> {
  const { maxLength, float64, ...sets } = golden();
  const temporary = mkdtempSync(join(tmpdir(), "kindred-gradients-"));
  try {
    const data = join(temporary, "rows.jsonl");
    writeFileSync(data, (sets[set]?.texts ?? []).map((row) => `${JSON.stringify(row)}\n`).join(""));
    const { loss, gradients } = await batchGradients({
      model: sharedPath(...model),
      data,
      maxLength,
      loss: contrastive({ direction: direction === "oneWay" ? "one-way" : direction, equalTexts: "keep" }),
      engine,
    });
    const own = float64[`${set}.${direction}`] as { readonly loss: number };
    expect(Math.abs(loss - own.loss)).toBeLessThan(8e-6);
    const tensors = tensorsOf("gradients-float64.safetensors") ?? tensorsOf("gradients-rounded.safetensors");
    if (tensors === undefined) return;
    const prefix = `grad.${set}.${direction}.`;
    expect([...tensors.keys()].filter((key) => key.startsWith(prefix)).length).toBe(gradients.size);
    for (const [name, { bytes }] of gradients) {
      const expected = tensors.get(prefix + name)?.values ?? [];
      const largest = Math.max(...Array.from(expected, Math.abs));
      const tolerance = isKeyBias(name) ? 7.5e-6 : gradientTolerance * largest;
      expect(new Float32Array(bytes.slice().buffer), name).toBeCloseToArray(expected, { tolerance });
    }
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

describe.each(trainings)("$model, trained as PyTorch trains it in float64", (training) => {
  const golds = goldensOf(training);

  test.skipIf(!golds.isThere).each<Run>([...training.runs])("%s on %i cores: %j: losses and final weights", (...run) =>
    expectGoldenRun(training, golds, run),
  );

  test.skipIf(!golds.isThere).each([...training.batches])("the gradient of every weight: %s, %s", (...batch) =>
    expectGoldenGradients(training, golds, batch),
  );
});

describePlugins("XLA", ({ name: pluginName, path: plugin }) => {
  const isNewer = pluginName === "lammps";
  const engineOn = (devices: number) => xla({ plugin, devices, cacheFolder: false });
  describe.each(trainings)("$model, trained as PyTorch trains it in float64", (training) => {
    const golds = goldensOf(training);

    test.skipIf(!golds.isThere).each<Run>(isNewer ? [...training.onDevices] : training.onDevices.slice(-1))(
      "%s on %i devices: %j: losses and final weights",
      (name, devices, options) =>
        expectGoldenRun(training, golds, [name, devices, options, engineOn(devices)], (steps) =>
          soloStepRunner({ ...steps, program: trainingCore }),
        ),
      240_000,
    );

    // Of the first batch alone, as the engine's own tests take all.
    test.skipIf(!golds.isThere || !isNewer).each(training.batches.slice(0, 1))(
      "the gradient of every weight: %s, %s",
      (...batch) => expectGoldenGradients(training, golds, batch, engineOn(1)),
      240_000,
    );
  });
});
