import { cpu, type Engine, tfjs } from "@kindred/tensor";
import { readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { type BatchShare, loadedModel, trainConfig } from "@kindred/trainer";
import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { contrastive } from "@kindred/contrastive-loss";
import { startTrainingMesh } from "@kindred/trainer/node";
import { batchGradients } from "./batch-gradients.ts";
import { openModelFolder } from "@kindred/model-folder/node";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = ["golden", "training-tiny"] as const;
// The repository itself has the losses only: these two are large.
const finalWeights = [...folder, "final-float64.safetensors"];
const goldenGradients = [...folder, "gradients-float64.safetensors"];
const model = sharedPath("golden", "mpnet-tiny", "model");

type Column = { readonly ids: readonly (readonly number[])[]; readonly mask: readonly (readonly number[])[] };
type Golden = {
  readonly maxLength: number;
  readonly peakLearningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly pairs: { readonly texts: readonly (readonly string[])[] };
  readonly triplets: { readonly texts: readonly (readonly string[])[] };
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

describe.skipIf(!sharedExists(...folder))("training-tiny, as PyTorch runs it in float64", () => {
  const golden = sharedExists(...folder) ? readJson<Golden>(sharedPath(...folder, "expected.json")) : undefined;

  test.each<[name: string, cores: number, options: object, engine?: Engine]>([
    ["hf", 1, { optimizer: "hf" }],
    ["hf", 1, { maxSeqLength: 3, maxBatchTokens: 40 }], // some columns in chunks, by GradCache
    ["hf", 1, {}, tfjs()],
    ["hf", 1, {}, cpu()],
    ["hf", 1, {}, wasm({ revectorization: enableRevectorization() })],
    ["hf-decay", 1, { optimizer: "hf", weightDecay: 0.01 }],
    ["torch", 1, { optimizer: "torch", weightDecay: 0.01, adamEpsilon: 1e-8 }],
    ["xla-exact", 4, { clipping: "xla-exact" }],
    ["xla-exact-clip6", 4, { clipping: "xla-exact", maxGradNorm: 6 }],
    ["xla-clean", 4, { clipping: "xla-clean" }],
  ])("%s on %i cores: %j: losses and final weights", async (name, cores, options, engine = wasm()) => {
    const config = trainConfig({
      ...options,
      learningRate: golden!.peakLearningRate,
      warmupSteps: golden!.warmupSteps,
      maxSteps: golden!.totalSteps,
      hiddenDropoutProb: 0,
      attentionProbsDropoutProb: 0,
    });
    const tiny = await loadedModel(config, await openModelFolder(model));
    const mesh = await startTrainingMesh({ ...config, cores }, tiny, { engine });
    try {
      const expected = golden!.float64[name] as readonly { readonly loss: number }[];
      for (const [step, { columns }] of golden!.steps.slice(0, expected.length).entries()) {
        const { loss } = await mesh.step(step, shares(columns, cores));
        expect(Math.abs(loss - expected[step]!.loss)).toBeLessThan(8e-6); // 8 times Python's own float32 from its float64
      }
      if (!sharedExists(...finalWeights)) return;
      const final = readGoldenTensors(sharedPath(...finalWeights));
      for (const [parameter, values] of Object.entries(mesh.weights)) {
        if (parameter.endsWith("attn.k.bias")) continue; // its true gradient is 0: Adam blows up rounding noise
        expect(values).toBeCloseToArray(final.get(`final.${name}.${parameter}`)!.values, { tolerance: 1e-5 });
      }
    } finally {
      await mesh.close();
    }
  });

  test.each([
    ["pairs", "symmetric"],
    ["pairs", "oneWay"],
    ["triplets", "oneWay"],
  ] as const)("the gradient of every weight: %s, %s", async (set, direction) => {
    const temporary = mkdtempSync(join(tmpdir(), "kindred-gradients-"));
    try {
      const data = join(temporary, "rows.jsonl");
      writeFileSync(data, golden![set].texts.map((row) => `${JSON.stringify(row)}\n`).join(""));
      const { loss, gradients } = await batchGradients({
        model,
        data,
        maxLength: golden!.maxLength,
        loss: contrastive({ direction: direction === "oneWay" ? "one-way" : direction, equalTexts: "keep" }),
      });
      const own = golden!.float64[`${set}.${direction}`] as { readonly loss: number };
      expect(Math.abs(loss - own.loss)).toBeLessThan(8e-6);
      if (!sharedExists(...goldenGradients)) return;
      const tensors = readGoldenTensors(sharedPath(...goldenGradients));
      const names = [...tensors.keys()].filter((key) => key.startsWith(`grad.${set}.${direction}.`));
      expect(names.length).toBe(gradients.size);
      for (const key of names) {
        const name = key.slice(`grad.${set}.${direction}.`.length);
        const expected = tensors.get(key)!.values;
        const largest = Math.max(...Array.from(expected, Math.abs));
        const values = new Float32Array(gradients.get(name)!.bytes.slice().buffer);
        // 8 times what Python's float32 strays; k.bias has a true gradient of 0 and is compared by absolute value
        expect(values).toBeCloseToArray(expected, {
          tolerance: name.endsWith("attn.k.bias") ? 7.5e-6 : 2.5e-5 * largest,
        });
      }
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
});
