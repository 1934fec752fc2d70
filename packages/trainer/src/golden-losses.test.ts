import { type ContrastiveLossOptions, contrastiveLoss } from "@kindred/contrastive-loss";
import { gradCache } from "@kindred/grad-cache";
import { sliceRows } from "@kindred/nn";
import { startBackend } from "@kindred/tensor";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { goldenOptions } from "../../contrastive-loss/test-support/golden-options.ts";

beforeAll(() => startBackend("wasm"));

const has = sharedExists("golden", "losses", "cases.json");

type Case = {
  readonly loss: string;
  readonly columns: readonly string[];
  readonly options: { readonly [name: string]: unknown };
  readonly value: number;
};

/** Our options for a cached case of sentence-transformers; undefined if Kindred has no such loss. */
function optionsOf({ loss, options }: Case): ContrastiveLossOptions | undefined {
  return loss === "CachedMultipleNegativesRankingLoss" ? goldenOptions(options) : undefined;
}

/** Rows `from … from + count` of a table: what stands for the texts of a chunk. */
type Chunk = { readonly from: number; readonly count: number };

function chunksOf(rows: number, size: number): Chunk[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    from: i * size,
    count: Math.min(size, rows - i * size),
  }));
}

describe.skipIf(!has)("sentence-transformers' cached losses: contrastive-loss through grad-cache", () => {
  const golden = has
    ? readJson<{ cases: { [name: string]: Case } }>(sharedPath("golden", "losses", "cases.json")).cases
    : {};
  const cached = Object.entries(golden).filter(([name]) => name.endsWith(".cached3"));
  const tensors = has ? readGoldenTensors(sharedPath("golden", "losses", "tensors.safetensors")) : new Map();

  /** The "model" is a table for each column, as in the golden files: its gradient is that of every embedding. */
  function check(name: string, options: ContrastiveLossOptions): void {
    const { columns: names, options: theirs, value: expected } = golden[name]!;
    const tables: { readonly [column: string]: tf.Tensor2D } = Object.fromEntries(
      names.map((column) => {
        const { values, shape } = tensors.get(`input.${column}`)!;
        return [column, tf.tensor2d(Float32Array.from(values), shape as [number, number])];
      }),
    );
    const chunks = chunksOf(tables[names[0]!]!.shape[0], theirs["mini_batch_size"] as number);
    const { value, gradients } = gradCache({
      columns: names.map(() => chunks),
      embed: ({ from, count }: Chunk, column) => sliceRows(tables[names[column]!]!, from, count) as tf.Tensor,
      loss: (embeddings) => contrastiveLoss(embeddings, options),
      parameters: tables,
    });
    // The golden values are float64; scores of up to the scale (a dot product of up to 20) are float32 here: off by some
    // 8 · 2^-24 · 20 = 1e-5, and gradients (scale · probability · a cosine's slope) by as much of their size.
    const tolerance = 5e-7 * Math.max(20, options.scale ?? 20);
    expect(Math.abs(value.dataSync()[0]! - expected)).toBeLessThanOrEqual(tolerance);
    for (const column of names) {
      const { values, shape } = tensors.get(`${name}.grad.${column}`)!;
      expect(gradients[column]!.dataSync()).toBeCloseToArray(values, { tolerance, shape, axes: "batch hidden" });
    }
    tf.dispose([value, gradients, tables] as tf.TensorContainer);
  }

  for (const [name, entry] of cached) {
    const options = optionsOf(entry);
    test.skipIf(options === undefined)(`${name}: value and gradients of every column`, () => check(name, options!));
  }

  test("every cached MultipleNegativesRanking case without hardness is among those tested", () => {
    expect(cached.filter(([, entry]) => optionsOf(entry) !== undefined)).toHaveLength(14);
  });

  test("mutants: a direction less, one softmax for two, and a scale of 20.02 are noticed", () => {
    expectMutantToFail(() => check("mnrl.1neg.all4.cached3", { directions: ["queryToDoc", "docToQuery", "docToDoc"] }));
    expectMutantToFail(() => check("mnrl.0neg.symmetric.cached3", { directions: ["queryToDoc", "docToQuery"] }));
    expectMutantToFail(() => check("mnrl.2neg.cached3", { directions: ["queryToDoc"], scale: 20.02 }));
  });
});
