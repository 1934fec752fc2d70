import { contrastive } from "@kindred/contrastive-loss";
import { gradCache } from "@kindred/grad-cache";
import { type Loss, lossShare } from "@kindred/loss";
import { sliceRows } from "@kindred/nn";
import { tfjs } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type GoldenCases,
  goldenLoss,
  goldenTolerance,
  isOfOurs,
} from "../../contrastive-loss/test-support/golden-loss.ts";

beforeAll(() => tfjs().start());

const has = sharedExists("golden", "losses", "cases.json");

/** Rows `from … from + count` of a table: what stands for the texts of a chunk. */
type Chunk = { readonly from: number; readonly count: number };

function chunksOf(rows: number, size: number): Chunk[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    from: i * size,
    count: Math.min(size, rows - i * size),
  }));
}

describe.skipIf(!has)("sentence-transformers' cached losses: contrastive-loss through grad-cache", () => {
  const golden = has ? readJson<{ cases: GoldenCases }>(sharedPath("golden", "losses", "cases.json")).cases : {};
  const cached = Object.entries(golden)
    .filter(([name]) => name.endsWith(".cached3"))
    .map(([name, entry]) => [name, goldenLoss(entry, golden)] as const);
  const tensors = has ? readGoldenTensors(sharedPath("golden", "losses", "tensors.safetensors")) : new Map();

  /** The "model" is a table for each column, as in the golden files: its gradient is that of every embedding. */
  function check(name: string, loss: Loss): void {
    const { columns: names, options: theirs, value: expected } = golden[name]!;
    const tables: { readonly [column: string]: tf.Tensor2D } = Object.fromEntries(
      names.map((column) => {
        const { values, shape } = tensors.get(`input.${column}`)!;
        return [column, tf.tensor2d(Float32Array.from(values), shape as [number, number])];
      }),
    );
    const chunks = chunksOf(tables[names[0]!]!.shape[0], theirs["mini_batch_size"] as number);
    const { value, gradients, drift } = gradCache({
      columns: names.map(() => chunks),
      embed: ({ from, count }: Chunk, column) => sliceRows(tables[names[column]!]!, from, count) as tf.Tensor,
      loss: (embeddings) => lossShare(loss, embeddings),
      parameters: tables,
    });
    const tolerance = goldenTolerance(loss);
    expect(Math.abs(value.dataSync()[0]! - expected)).toBeLessThanOrEqual(tolerance);
    for (const column of names) {
      const { values, shape } = tensors.get(`${name}.grad.${column}`)!;
      expect(gradients[column]!.dataSync()).toBeCloseToArray(values, { tolerance, shape, axes: "batch hidden" });
    }
    tf.dispose([value, gradients, drift, tables] as tf.TensorContainer);
  }

  for (const [name, loss] of cached) {
    test.skipIf(loss === undefined)(`${name}: value and gradients of every column`, () => check(name, loss!));
  }

  test("every cached MultipleNegativesRanking case without hardness, and Matryoshka over them, is among those tested", () => {
    const tested = cached.filter(([, loss]) => loss !== undefined).map(([name]) => name);
    const inFile = cached.map(([name]) => name).filter((name) => isOfOurs(golden[name]!, golden));
    expect(tested).toEqual(inFile);
    expect(new Set(cached.map(([, loss]) => loss?.name))).toEqual(new Set(["contrastive", "matryoshka", undefined]));
  });

  test("mutants: a direction less, one softmax for two, and a scale of 20.02 are noticed", () => {
    expectMutantToFail(() =>
      check(
        "mnrl.1neg.all4.cached3",
        contrastive({ directions: ["queryToDoc", "docToQuery", "docToDoc"], equalTexts: "keep" }),
      ),
    );
    expectMutantToFail(() =>
      check(
        "mnrl.0neg.symmetric.cached3",
        contrastive({ directions: ["queryToDoc", "docToQuery"], equalTexts: "keep" }),
      ),
    );
    expectMutantToFail(() =>
      check("mnrl.2neg.cached3", contrastive({ directions: ["queryToDoc"], scale: 20.02, equalTexts: "keep" })),
    );
  });
});
