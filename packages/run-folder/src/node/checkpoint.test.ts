import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { savedModel } from "@kindred/sentence-encoder";
import { fromFloat32 } from "@kindred/tensor-files";
import { toyVocabulary } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { type Checkpoint, newModel, trainConfig } from "@kindred/trainer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readOthers, resumePoint, writeCheckpoint } from "./checkpoint.ts";

let run: string;
beforeAll(() => {
  run = mkdtempSync(join(tmpdir(), "kindred-checkpoint-"));
});
afterAll(() => rmSync(run, { recursive: true, force: true }));

test("what the optimizer remembers is read once, one array after another, and given back as it was", async () => {
  const size = { hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 8, maxSeqLength: 12 };
  const made = newModel(trainConfig(size), tokenizerFromVocab(toyVocabulary));
  const weights = Object.entries(made.weights).map(
    ([name, { values, shape }]) => [name, fromFloat32(values, shape, "F32")] as const,
  );
  const read: string[] = [];
  const arrays = [
    ["second.b", [2, 2]],
    ["first.a", [3]], // not in the order of the alphabet
    ["loss.none", [0]],
  ] as const;
  const valuesOf = (shape: readonly number[]) =>
    Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, (_, i) => i / 3);
  const others: Checkpoint["others"] = arrays.map(([name, shape]) => ({
    name,
    shape,
    read: async () => {
      read.push(name);
      return valuesOf(shape);
    },
  }));
  await writeCheckpoint(run, { model: savedModel(made, weights), others, state: { step: 3, cursor: {}, seconds: 1 } });
  expect(read).toEqual(arrays.map(([name]) => name));
  const { folder, state } = await resumePoint(run);
  expect(state.step).toBe(3);
  const found = new Map<string, Float32Array>();
  for await (const [name, values] of readOthers(folder).values) found.set(name, values);
  expect(found).toEqual(new Map(arrays.map(([name, shape]) => [name, valuesOf(shape)])));
});
