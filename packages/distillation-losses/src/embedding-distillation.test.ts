import { ConfigError, ShapeError } from "@kindred/errors";
import { lossShare, matryoshka } from "@kindred/loss";
import { type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { finiteDifferences, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cosineOf,
  distanceOf,
  dotOf,
  type DrawnLoss,
  lossLaws,
  meanOf,
  unit,
} from "../../loss/test-support/loss-laws.ts";
import { embeddingDistillation } from "./index.ts";

type Distance = "cosine" | "mse" | "euclidean";

function between(a: readonly number[], b: readonly number[], distance: Distance): number {
  if (distance === "mse") return distanceOf(a, b, "euclidean") ** 2 / a.length;
  return distanceOf(a, b, distance);
}

const drawn = (distance: Distance, of = "teacher"): DrawnLoss => ({
  loss: embeddingDistillation({ distance }),
  reference: ({ columns, vectors }) =>
    meanOf(columns.flatMap((rows, c) => rows.map((row, i) => between(row, vectors[of]![c]![i]!, distance)))),
});

describe("laws", () => {
  lossLaws({
    columns: { min: 1, max: 3 },
    losses: fc.constantFrom<Distance>("cosine", "mse", "euclidean").map((distance) => drawn(distance)),
    mutants: {
      "another model's vectors": () => drawn("mse", "guide"),
      "the sum of squares": () => ({
        ...drawn("mse"),
        reference: ({ columns: [rows], vectors }) =>
          meanOf(rows!.map((row, i) => distanceOf(row, vectors["teacher"]![0]![i]!, "euclidean") ** 2)),
      }),
    },
    tolerance: 1e-5, // of squares of up to 4², each off by some 8 · 2⁻²⁴: relative to their size
  });
});

const rowsOf = (seed: number, rows: number, width: number) =>
  Array.from({ length: rows }, (_, i) => [...floatsFromSeed(seed + i, width)].map((x) => x + 2.5));
const teacherOf = (rows: readonly number[][]) => ({
  vectors: { teacher: [{ embeddings: Float32Array.from(rows.flat()), dimension: rows[0]!.length }] },
});

test("a projection leads into the teacher's space, and has gradients", async () => {
  await tfjs().start();
  const [rows, teacher] = [rowsOf(1, 3, 2), rowsOf(7, 3, 4)];
  const [weight, bias] = [rowsOf(20, 4, 2).map((row) => row.map((x) => x / 3 - 0.7)), [0.1, -0.2, 0.3, 0]];
  const loss = embeddingDistillation({ distance: "mse", dimension: 2, projection: 4 });
  expect(loss.parameters).toMatchObject([
    { name: "projection.weight", shape: [4, 2], kind: "matrix" },
    { name: "projection.bias", shape: [4], kind: "shift" },
  ]);
  const reference = (flat: Float64Array) => {
    const [w, b] = [flat.slice(0, 8), flat.slice(8)];
    const projected = rows.map((row) => bias.map((_, out) => dotOf(row, [w[2 * out]!, w[2 * out + 1]!]) + b[out]!));
    return meanOf(projected.map((row, i) => between(row, teacher[i]!, "mse")));
  };
  const own = { "projection.weight": tf.tensor2d(weight), "projection.bias": tf.tensor1d(bias) };
  const student = tf.tensor2d(rows);
  const share = () => lossShare(loss, [student], { ...teacherOf(teacher), parameters: own });
  const { value, gradients } = valueAndGradients(share, own as { [name: string]: Float });
  const at = [...weight.flat(), ...bias];
  // squares of up to 4², each off by some 8 · 2⁻²⁴ of that
  expect(value.dataSync()[0]).toBeCloseTo(reference(Float64Array.from(at)), 4);
  const expected = finiteDifferences(reference, at);
  expect([...gradients["projection.weight"]!.dataSync(), ...gradients["projection.bias"]!.dataSync()]).toBeCloseToArray(
    expected,
    { tolerance: 1e-4 },
  );
});

test("inside matryoshka a shorter vector is held to the teacher's first numbers, or counts as followed by zeros", () => {
  const [rows, teacher] = [rowsOf(3, 2, 4), rowsOf(9, 2, 4)];
  const student = tf.tensor2d(rows);
  const cut = (row: readonly number[]) => unit(row.slice(0, 2));
  const value = (loss: ReturnType<typeof embeddingDistillation>, parameters = {}) =>
    lossShare(matryoshka(loss, [2]), [student], { ...teacherOf(teacher), parameters }).dataSync()[0];
  const asIs = embeddingDistillation({ distance: "mse", dimension: 4 });
  expect(value(asIs)).toBeCloseTo(meanOf(rows.map((row, i) => between(cut(row), cut(teacher[i]!), "mse"))), 5);
  const weight = rowsOf(20, 4, 4);
  const projection = { "projection.weight": tf.tensor2d(weight), "projection.bias": tf.zeros([4]) };
  const expected = rows.map((row, i) => {
    const padded = [...cut(row), 0, 0];
    return (
      1 -
      cosineOf(
        weight.map((out) => dotOf(out, padded)),
        teacher[i]!,
      )
    );
  });
  expect(value(embeddingDistillation({ dimension: 4, projection: 4 }), projection)).toBeCloseTo(meanOf(expected), 5);
});

test("vectors of another length are refused, with the projection that would do", () => {
  const student = tf.tensor2d(rowsOf(1, 2, 3));
  const share = (options: object, parameters = {}) =>
    lossShare(embeddingDistillation(options), [student], { ...teacherOf(rowsOf(2, 2, 4)), parameters });
  expect(() => share({})).toThrow(ShapeError);
  expect(() => share({})).toThrow(
    "Got 4, and 3 of the student's, expected as many. Project the student's: projection = 4",
  );
  const five = { "projection.weight": tf.ones([5, 3]), "projection.bias": tf.ones([5]) };
  expect(() => share({ dimension: 3, projection: 5 }, five)).toThrow("does not lead into the teacher's space. Got 5");
});

test("options out of range are refused", () => {
  expect(() => embeddingDistillation({ distance: "far" as "mse" })).toThrow(ConfigError);
  expect(() => embeddingDistillation({ projection: 8 })).toThrow("a projection needs the student's dimension");
});
