import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modelFolderFiles } from "@kindred/model-folder";
import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { sifWeights } from "@kindred/static-embeddings";
import { toFloat32 } from "@kindred/tensor-files";
import { sharedPath } from "@kindred/testing";
import { expect, test } from "vitest";
import { distilStatic, type DistilledStatic } from "./distil-static.ts";

const folder = sharedPath("golden", "families", "bert", "model");
const files = Object.fromEntries(
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.includes("."))
    .map((path) => [path.replaceAll("\\", "/"), new Uint8Array(readFileSync(join(folder, path)))]),
);
const teacherOf = () => sentenceEncoderFromFiles(files);

async function tableOf({ modules }: DistilledStatic) {
  const weights = await modules[0].openWeights();
  const stored = await weights.read("embedding.weight");
  const [rows = 0, features = 0] = stored.shape;
  const values = toFloat32(stored);
  return { rows, features, row: (id: number) => [...values.subarray(id * features, (id + 1) * features)] };
}

test("a token's row is the mean of what the teacher makes of it between its special tokens", async () => {
  await using teacher = await teacherOf();
  const { tokenizer } = teacher;
  const progress: number[] = [];
  const plain = { dimension: undefined, sifCoefficient: undefined };
  const made = await distilStatic(teacher, { ...plain, onProgress: (done) => progress.push(done) });
  const table = await tableOf(made);
  const id = tokenizer.idOf("the") ?? expect.fail("no such token");
  const { tokenEmbeddings } = await teacher.encode(["the"], { outputValue: "tokenEmbeddings" });
  const [states = new Float32Array()] = tokenEmbeddings;
  const { features } = table;
  expect(states.length).toBe(3 * features);
  for (const [k, value] of table.row(id).entries()) {
    const mean = ((states[k] ?? 0) + (states[features + k] ?? 0) + (states[2 * features + k] ?? 0)) / 3;
    expect(value).toBeCloseTo(mean, 5); // one rounding of numbers up to 4, and three of their sum: 1e-6
  }
  expect(progress).toEqual([made.tokens]);
  expect(made.share).toBe(1);
  const { bos, eos, mask = -1, pad, unknown = -1 } = tokenizer.specialIds;
  for (const special of [bos, eos, mask]) expect(table.row(special).every((value) => value === 0)).toBe(true);
  for (const kept of [pad, unknown]) expect(table.row(kept).some((value) => value !== 0)).toBe(true);
});

test("rows are weighted by the rank among tokens that have one", async () => {
  await using teacher = await teacherOf();
  const plain = await distilStatic(teacher, { dimension: 5, sifCoefficient: undefined });
  const weighted = await distilStatic(teacher, { dimension: 5, sifCoefficient: 1e-3 });
  const [a, b] = [await tableOf(plain), await tableOf(weighted)];
  const weights = sifWeights(plain.tokens, 1e-3);
  let rank = 0;
  for (let id = 0; id < a.rows; id++) {
    if (a.row(id).every((value) => value === 0)) continue;
    const weight = weights[rank++] ?? Number.NaN;
    for (const [k, value] of b.row(id).entries()) expect(value).toBeCloseTo((a.row(id)[k] ?? 0) * weight, 6);
  }
  expect(rank).toBe(plain.tokens);
  expect(plain.share).toBeGreaterThan(0);
  expect(plain.share).toBeLessThan(1);
});

test("what is written is read, and a text's vector is the mean of its rows, of length 1", async () => {
  await using teacher = await teacherOf();
  const made = await distilStatic(teacher, { dimension: 6 });
  const { row } = await tableOf(made);
  await using encoder = await sentenceEncoderFromFiles(await modelFolderFiles(made));
  const text = "The best game.";
  const ids = teacher.tokenizer.encode(text).ids.slice(1, -1);
  expect([...encoder.tokenize(text).ids]).toEqual([...ids]);
  const sums = Array.from(ids, row).reduce((sum, values) => sum.map((value, k) => value + (values[k] ?? 0)));
  const length = Math.hypot(...sums);
  const { embeddings } = await encoder.encode(text);
  for (const [k, sum] of sums.entries()) expect(embeddings[k]).toBeCloseTo(sum / length, 5);
});
