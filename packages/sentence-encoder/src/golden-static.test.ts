import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { filesInMemory, type ModelFiles, modelFolderFiles, readModelFolder } from "@kindred/model-folder";
import { readJson, sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { modelWeights, openSentenceModel, savedModel, sentenceEncoderFromFiles } from "./index.ts";

// Made by sentence-transformers 6.2.0 and model2vec 0.7.0 (golden/generate/make_static.py), in float64.
const { texts, cases } = readJson<{ texts: string[]; cases: { [name: string]: number[][] } }>(
  sharedPath("golden", "static", "expected.json"),
);

function filesOf(name: string): ModelFiles {
  const folder = sharedPath("golden", "static", name);
  const paths = readdirSync(folder, { recursive: true }).map(String);
  return Object.fromEntries(
    paths
      .filter((path) => path.includes("."))
      .map((path) => [path.replaceAll("\\", "/"), new Uint8Array(readFileSync(join(folder, path)))]),
  );
}

async function expectVectors(files: ModelFiles, expected: readonly (readonly number[])[]): Promise<void> {
  await using encoder = await sentenceEncoderFromFiles(files);
  const { embeddings, dimension, tokenCounts } = await encoder.encode(texts);
  for (const [i, row] of expected.entries()) {
    // A mean of n float32 numbers, summed one after another, strays by n roundings of the largest sum's share.
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 2);
    const tolerance = ((tokenCounts[i] ?? 0) + 8) * 2 ** -24 * largest;
    const own = embeddings.subarray(i * dimension, (i + 1) * dimension);
    const gap = row.reduce((most, value, k) => Math.max(most, Math.abs(value - (own[k] ?? Number.NaN))), 0);
    expect(gap, JSON.stringify(texts[i]?.slice(0, 40))).toBeLessThanOrEqual(tolerance);
  }
}

describe.each(Object.entries(cases))("%s", (name, expected) => {
  test("gives the vectors of Python", async () => {
    await expectVectors(filesOf(name), expected);
  });

  test("each feature of a vector matters", async () => {
    const shifted = expected.map((row) => row.map((value, k) => value + (k === 5 ? 1e-3 : 0)));
    await expect(expectVectors(filesOf(name), shifted)).rejects.toThrow();
  });

  test("is read again as it was, or refused where unknown words are left out", async () => {
    const folder = await readModelFolder(filesInMemory(filesOf(name)));
    const model = openSentenceModel(folder);
    const weights = [];
    for await (const named of modelWeights(folder, model)) weights.push(named);
    const written = modelFolderFiles(savedModel(model, weights));
    if (model.tokenizer.definition.bare?.dropsUnknown === true) {
      await expect(written).rejects.toThrow("leaves unknown words out");
      return;
    }
    const files = await written;
    expect(Object.keys(files).sort()).toEqual(
      [
        ...["0_StaticEmbedding/model.safetensors", "0_StaticEmbedding/tokenizer.json"],
        ...["config_sentence_transformers.json", "modules.json"],
      ].sort(),
    );
    await expectVectors(files, expected);
  });
});

test("reads no words that are unknown to model2vec's WordPiece, and no special tokens", async () => {
  await using encoder = await sentenceEncoderFromFiles(filesOf("model2vec"));
  expect([...encoder.tokenize(["", "€", "[CLS] a"]).starts]).toEqual([0, 0, 0, 2]);
  const { embeddings } = await encoder.encode(["", "€"]);
  expect([...embeddings]).toEqual(new Array(24).fill(0));
});

test("refuses a folder whose table or tokenizer is missing", async () => {
  const { "model.safetensors": _, ...noTable } = filesOf("model2vec");
  await expect(sentenceEncoderFromFiles(noTable)).rejects.toThrow(FormatError);
  const { "tokenizer.json": __, ...noTokenizer } = filesOf("truncated");
  await expect(sentenceEncoderFromFiles(noTokenizer)).rejects.toThrow("a static embedding can't do without");
});
