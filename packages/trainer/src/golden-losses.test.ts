import { contrastive, gist } from "@kindred/contrastive-loss";
import { embeddingDistillation, marginMse, scoreMatching } from "@kindred/distillation-losses";
import { gradCache } from "@kindred/grad-cache";
import { type Loss, lossShare, matryoshka } from "@kindred/loss";
import { add, l2Normalize, sliceRows } from "@kindred/nn";
import {
  angle,
  batchHardTriplet,
  cosent,
  cosineSimilarity,
  onlineContrastive,
  pairContrastive,
  triplet,
} from "@kindred/pair-losses";
import { type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { goldenData, goldenLoss, goldenSet } from "../test-support/golden-loss.ts";

beforeAll(() => tfjs().start());

/** Rows `from … from + count` of a table: what stands for the texts of a chunk. */
type Chunk = { readonly from: number; readonly count: number };

function chunksOf(rows: number, size: number): Chunk[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({
    from: i * size,
    count: Math.min(size, rows - i * size),
  }));
}

describe.each([
  ["losses", 105],
  ["more-losses", 94],
] as const)("sentence-transformers on %s", (set, count) => {
  const golden = goldenSet(set);
  const { cases, tensors } = golden;

  /** The "model" is a table for each column, as in the golden files: its gradient is that of every embedding. */
  function check(name: string, loss: Loss, way: "whole" | "chunks"): void {
    const { columns: names, modelNormalizes, value: expected } = cases[name]!;
    const tables: { readonly [column: string]: Float } = Object.fromEntries(
      names.map((column) => {
        const { values, shape } = tensors.get(`input.${column}`)!;
        return [column, tf.tensor2d(Float32Array.from(values), shape as [number, number])];
      }),
    );
    const data = goldenData(cases[name]!, golden);
    const parameters = { ...tables, ...data.parameters };
    const embed = (x: Float): Float => (modelNormalizes ? l2Normalize(x) : x);
    const share = (columns: readonly Float<"batch hidden">[]) => lossShare(loss, columns, data);
    const chunks = chunksOf(tables[names[0]!]!.shape[0]!, 3);
    const { value, gradients }: { value: Float; gradients: { readonly [name: string]: Float | undefined } } =
      way === "whole"
        ? valueAndGradients(() => share(names.map((column) => embed(tables[column]!))), parameters)
        : gradCache({
            columns: names.map(() => chunks),
            embed: ({ from, count }: Chunk, column) =>
              embed(sliceRows(tables[names[column]!]!, from, count) as tf.Tensor),
            loss: share,
            parameters,
          });
    // Scores of up to the scale (dot products and squared distances of up to 20) are off by some 8 · 2⁻²⁴ = 5e-7 of it, and so is what is
    // made of them, relative to its size where that is above 1. (A sixth of this is seen.)
    const tolerance = 5e-7 * scaleOf(loss);
    const difference = Math.abs(value.dataSync()[0]! - expected);
    expect(difference).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
    for (const column of Object.keys(parameters)) {
      const { values, shape } = tensors.get(`${name}.grad.${column}`)!;
      const largest = Math.max(1, ...Float64Array.from(values, Math.abs));
      const own = gradients[column]?.dataSync() ?? new Float32Array(values.length);
      expect(own).toBeCloseToArray(values, { tolerance: tolerance * largest, shape, axes: "batch hidden" });
    }
    tf.dispose([value, gradients, parameters] as tf.TensorContainer);
  }

  test("every case is tested", () => expect(Object.keys(cases).length).toBe(count));

  test.each(Object.keys(cases))("%s: value and gradients, whole and through grad-cache", (name) => {
    const loss = goldenLoss(cases[name]!, golden);
    if (!name.endsWith(".cached3")) check(name, loss, "whole");
    check(name, loss, "chunks");
  });

  const twice = ({ value, ...loss }: Loss): Loss => ({
    ...loss,
    value: (columns, context) => add(value(columns, context), value(columns, context)),
  });
  const oneWay = contrastive({ direction: "one-way", equalTexts: "keep" });
  const hard = { directions: ["queryToDoc"], equalTexts: "keep", hardnessStrength: 5 } as const;
  const guided = { equalTexts: "keep", scale: 10 } as const;
  const mutants: { readonly [set: string]: readonly (readonly [name: string, mutant: Loss])[] } = {
    losses: [
      ["mnrl.1neg", contrastive({ direction: "symmetric", equalTexts: "keep" })],
      ["mnrl.1neg", contrastive({ direction: "one-way", scale: 20.02, equalTexts: "keep" })],
      ["mnrl.1neg", contrastive({ direction: "one-way", similarity: "dot", equalTexts: "keep" })],
      ["mnrl.1neg.all4", contrastive({ directions: ["queryToDoc", "queryToQuery", "docToQuery"], equalTexts: "keep" })],
      ["mnrl.0neg.q2d+d2q.joint", contrastive({ direction: "symmetric", equalTexts: "keep" })],
      ["mnrl.1neg.hardness.in_batch_negatives", contrastive({ ...hard, hardnessMode: "allNegatives" })],
      ["mnrl.1neg.hardness.all_negatives", contrastive({ ...hard, hardnessMode: "hardNegatives" })],
      ["matryoshka.mnrl.1neg", matryoshka(oneWay, [16, 8, 5])],
      ["matryoshka.mnrl.1neg.weighted", matryoshka(oneWay, [16, 8, 4], [1, 0.5, 0.2501])],
      ["gist.1neg.temperature0.1.relative0.2", gist({ ...guided, margin: 0.2 })],
      ["gist.1neg.temperature0.1", gist({ ...guided, contrastAnchors: false })],
      ["gist.1neg.temperature0.1", gist({ ...guided, contrastPositives: false })],
      ["cosent", angle()],
      ["cosineSimilarity", twice(cosineSimilarity())],
      ["triplet.euclidean", triplet({ distance: "manhattan" })],
      ["contrastive", pairContrastive({ margin: 0.501 })],
      ["onlineContrastive", onlineContrastive({ reduction: "mean" })],
    ],
    "more-losses": [
      ["cosent.graded", cosent({ similarity: "dot" })],
      ["onlineContrastive.cosine.binary", pairContrastive({ margin: 0.9 })],
      ["batchHard.euclidean.classes", batchHardTriplet({ edge: "soft" })],
      ["batchHard.cosine.withOneAlone", batchHardTriplet({ distance: "cosine", margin: 0.301 })],
      ["embedDistill.mse.1", embeddingDistillation({ distance: "euclidean" })],
      ["marginMse.scores2", marginMse({ similarity: "cosine" })],
      ["distillKl.two", scoreMatching({ scale: 2, teacherScale: 2 })],
      ["cosineSimilarity.graded", { ...cosineSimilarity(), over: "batch", value: angle().value }],
    ],
  };

  test.each(mutants[set]!.map(([name, mutant]) => [name, mutant.name, mutant] as const))(
    "%s: a mutant is noticed, %s",
    (name, _, mutant) => {
      expectMutantToFail(() => check(name, mutant, "whole"));
      expectMutantToFail(() => check(name, mutant, "chunks"));
    },
  );
});

/** The largest factor on a loss's similarities; Matryoshka adds up some of one. */
function scaleOf({ options }: Pick<Loss, "options">): number {
  const inner = options["loss"] as Pick<Loss, "options"> | undefined;
  if (inner === undefined) return Math.max(20, (options["scale"] ?? 1) as number);
  return (options["weights"] as readonly number[]).reduce((sum, weight) => sum + weight, 0) * scaleOf(inner);
}
