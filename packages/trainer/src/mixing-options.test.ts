import { tokenizerFromVocab } from "@kindred/tokenizer";
import { newSettings } from "@kindred/model-folder";
import { expect, test } from "vitest";
import type { RowSet, TrainingSet } from "./run-data.ts";
import { trainConfig } from "./train-config.ts";
import { trainingData } from "./training-data.ts";
import { trainingSampler } from "./training-steps.ts";

type Label = number | string | undefined;

const place = { file: "x" };
const pairs = (name: string, count: number): RowSet => ({
  name,
  async *rows() {
    for (let i = 0; i < count; i++) yield { texts: [`${name} ${i}`, `to ${name} ${i}`], place };
  },
});
const labelled = (labels: readonly Label[]): RowSet => ({
  name: "topics.csv",
  async *rows() {
    for (const [i, label] of labels.entries())
      yield { texts: [`text ${i}`], place: { file: "topics.csv", line: i + 2 }, ...(label !== undefined && { label }) };
  },
});
const model = {
  tokenizer: tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\nwhat\n[UNK]\n<mask>\n"),
  settings: { ...newSettings(), maxSeqLength: 16 },
};

async function dataOf(sets: readonly (RowSet | TrainingSet)[], given: object) {
  const config = trainConfig({ batchSize: 10, holdOut: 0, ...given });
  const training = sets.map((set) => ("dataset" in set ? set : { dataset: set }));
  return { config, data: await trainingData(config, model, { training }) };
}

test("the way of mixing reaches the sampler, and the data say what share of the draws each file has", async () => {
  const sets = [pairs("a", 100), pairs("b", 300)];
  const sharesOf = async (given: object) => (await dataOf(sets, given)).data.summaries.map(({ share }) => share);
  await expect(sharesOf({ mixing: "round_robin" })).resolves.toEqual([0.5, 0.5]);
  await expect(sharesOf({ mixing: "proportional" })).resolves.toEqual([0.25, 0.75]);
  await expect(sharesOf({ mixingTemperature: 1 })).resolves.toEqual([0.25, 0.75]);
  await expect(sharesOf({})).resolves.toEqual([0.5, 0.5]);
  const { config, data } = await dataOf(sets, { mixing: "proportional" });
  const sampler = trainingSampler(config, data);
  for (let i = 0; i < 40; i++) await sampler.next();
  expect(sampler.counts?.map(({ emitted }) => emitted)).toEqual([100, 300]);
});

test("a file that is streamed says its size by lines, or is refused by ways that go by size", async () => {
  const given = { mixing: "proportional", maxRowsInMemory: 50 };
  await expect(dataOf([pairs("a", 100)], given)).rejects.toThrow("how many rows a has is not known");
  const { data } = await dataOf([{ dataset: pairs("a", 100), lines: 100 }, pairs("b", 40)], given);
  expect(data.summaries.map(({ share }) => share)).toEqual([100 / 140, 40 / 140]);
});

const batchHard = { loss: "batch-hard-triplet" };

test("rows of a label come together if that is asked for; where many would be alone, it is advised", async () => {
  const labels = Array.from({ length: 60 }, (_, i) => i % 20);
  const { data: warned } = await dataOf([labelled(labels)], batchHard);
  expect(warned.warnings.join()).toContain("of 20 labels, many rows of a batch of 10 have no other of theirs beside");
  const { data: few } = await dataOf([labelled(labels.map((label) => label % 3))], batchHard);
  expect(few.warnings).toEqual([]);
  const { config, data } = await dataOf([labelled([...labels, 99])], { ...batchHard, groupByLabel: true });
  expect(data.warnings).toEqual([]);
  const sampler = trainingSampler(config, data);
  for (let i = 0; i < 13; i++) {
    const rows = (await sampler.next())?.rows ?? [];
    for (const { row } of rows) expect(rows.filter((other) => other.row.label === row.label).length).toBeGreaterThan(1);
  }
  expect(sampler.counts).toMatchObject([{ alone: 3 * (20 + 1) }]);
});

test("refuses to group rows by label that have none, and those that are not all in memory", async () => {
  const grouped = { ...batchHard, groupByLabel: true };
  await expect(dataOf([pairs("a", 30)], { groupByLabel: true })).rejects.toThrow("a: a row has no label");
  const rows = labelled([1, 1, 2, 2, 1, 2, 1, 1, 2, 2, 2, 1]);
  await expect(dataOf([rows], { ...grouped, maxRowsInMemory: 5 })).rejects.toThrow("these are streamed");
  const { config, data } = await dataOf([rows], { ...grouped, batchSize: 3 });
  expect(() => trainingSampler(config, data)).toThrow("rows of a label come in twos. Got batchSize 3");
});
