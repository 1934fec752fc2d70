import { distilbert } from "@kindred/distilbert";
import { ConfigError } from "@kindred/errors";
import { sentenceDimension } from "@kindred/pooling";
import { toFloat32 } from "@kindred/tensor-files";
import { expectMutantToFail } from "@kindred/testing";
import { newModel, type TrainableModel, trainConfig } from "@kindred/trainer";
import { expect, test } from "vitest";
import { toyModel } from "../../sentence-encoder/test-support/toy-model.ts";
import { findsTeacher, studentFromLayers, studentInTeachersSpace, teacherInComponents, wordRowsFrom } from "./index.ts";

const { weights, ...model } = toyModel();
const teacher: TrainableModel = {
  ...model,
  weights: Object.fromEntries(
    weights.map(([name, tensor]) => [name, { shape: tensor.shape, values: toFloat32(tensor) }]),
  ),
};
const sizes = { numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 };
const made = (hiddenSize: number) => newModel(trainConfig({ ...sizes, hiddenSize }), teacher.tokenizer);
const words = "embeddings.word_embeddings.weight";

test("a student of layer 1 has it first, with the teacher's embeddings, and no other layer", () => {
  const student = studentFromLayers(trainConfig({ maxSeqLength: 9 }), teacher, [1]);
  const name = (layer: number) => `encoder.layer.${layer}.output.dense.weight`;
  expect(student.weights[name(0)]?.values).toEqual(teacher.weights[name(1)]?.values);
  expectMutantToFail(() => expect(student.weights[name(0)]?.values).toEqual(teacher.weights[name(0)]?.values));
  expect(student.weights[words]?.values).toEqual(teacher.weights[words]?.values);
  expect(student.weights[name(1)]).toBeUndefined();
  expect(student.settings.maxSeqLength).toBe(9);
  expect(Object.keys(student.weights).sort()).toEqual(student.encoder.specs.map((spec) => spec.name).sort());
  const turned = studentFromLayers(trainConfig({}), teacher, [1, 0, 1]);
  expect(turned.weights[name(1)]?.values).toEqual(teacher.weights[name(0)]?.values);
  expect(turned.weights[name(2)]?.values).toEqual(teacher.weights[name(1)]?.values);
});

test("a student of a DistilBERT, whose config.json has other keys, has its layers too", () => {
  const { weights: own, ...other } = toyModel({ family: distilbert });
  const values = own.map(([name, tensor]) => [name, { shape: tensor.shape, values: toFloat32(tensor) }] as const);
  const deep: TrainableModel = { ...other, weights: Object.fromEntries(values) };
  const student = studentFromLayers(trainConfig({}), deep, [1]);
  const name = (layer: number) => `transformer.layer.${layer}.ffn.lin1.weight`;
  expect(student.weights[name(0)]?.values).toEqual(deep.weights[name(1)]?.values);
  expect(student.encoder.description).toBe("DistilBERT, 1 layers of width 12, 3 heads, feed-forward 20");
});

test.each([[[]], [[2]], [[-1]], [[0.5]]])("refuses layers %j of a teacher of two", (layers) => {
  expect(() => studentFromLayers(trainConfig({}), teacher, layers)).toThrow(ConfigError);
});

/** Squares of the distances of all pairs of rows, summed: what a projection keeps a share of. */
function spread(values: Float32Array, width: number): number {
  let total = 0;
  for (let a = 0; a < values.length; a += width)
    for (let b = 0; b < a; b += width)
      for (let i = 0; i < width; i++) total += ((values[a + i] ?? 0) - (values[b + i] ?? 0)) ** 2;
  return total;
}

test("as wide as the teacher, words are as far apart as they were; narrower, by the share that is told; the rest is the student's own", async () => {
  const all = teacher.weights[words]?.values ?? new Float32Array();
  for (const width of [12, 8, 4]) {
    const begun = made(width);
    const { student, share } = await wordRowsFrom(teacher, begun);
    const kept = spread(student.weights[words]?.values ?? new Float32Array(), width) / spread(all, 12);
    expect(kept).toBeCloseTo(share, 5);
    if (width === 12) expect(share).toBeCloseTo(1, 12);
    else expectMutantToFail(() => expect(kept).toBeCloseTo(1, 2));
    const other = "encoder.layer.0.output.dense.weight";
    expect(student.weights[other]).toBe(begun.weights[other]);
  }
});

test("refuses a student that is wider, or of other words", async () => {
  await expect(wordRowsFrom(teacher, made(16))).rejects.toThrow("cannot be taken from the teacher");
});

test("a linear layer stands between pooling and normalisation where lengths differ, and none where they do not", () => {
  const into = (dimension: number, normalized = true) =>
    studentInTeachersSpace({ seed: 1 }, made(8), { dimension, normalized });
  expect(into(12).modules.map(({ kind }) => kind)).toEqual(["Pooling", "Dense", "Normalize"]);
  expect(into(12).weights["2_Dense.linear.weight"]?.shape).toEqual([12, 8]);
  expect(sentenceDimension(into(12).modules)).toBe(12);
  expect(into(8).modules.map(({ kind }) => kind)).toEqual(["Pooling", "Normalize"]);
  expect(into(12, false).modules.map(({ kind }) => kind)).toEqual(["Pooling", "Dense"]);
});

test("the teacher in some components ends with them, at length 1", () => {
  const components = Float64Array.from({ length: 2 * 12 }, (_, i) => (i % 13 === 0 ? 1 : 0));
  const { modules, weights: all } = teacherInComponents(teacher, { components });
  expect(modules.map(({ kind }) => kind)).toEqual(["Pooling", "Normalize", "Dense", "Normalize"]);
  expect(all["3_Dense.linear.weight"]).toEqual({ shape: [2, 12], values: Float32Array.from(components) });
});

test("a student in the teacher's space finds all, one that gives another text's vector none; one text is no task", async () => {
  const texts = ["a", "bc", "def"];
  const vectorsOf = (shift: number) => async (some: readonly string[]) => ({
    embeddings: Float32Array.from(
      some.flatMap((text) => [0, 1, 2].map((i) => ((text.length - 1 + shift) % 3 === i ? 1 : 0))),
    ),
    dimension: 3,
  });
  const task = findsTeacher("held", texts, { encode: vectorsOf(0) });
  expect((await task.measure(vectorsOf(0)))["accuracy@1"]?.value).toBe(1);
  expect((await task.measure(vectorsOf(1)))["accuracy@1"]?.value).toBe(0);
  expect(Object.keys(task.levels())).toEqual(["chance"]);
  expect(() => findsTeacher("held", ["a"], { encode: vectorsOf(0) })).toThrow(ConfigError);
});
