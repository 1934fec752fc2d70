import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toyPairs, toyVocabulary } from "@kindred/testing";

/** A new folder with `pairs.jsonl` and `vocab.txt`, and options of a run on them that takes a second. */
export function toyRun(): { readonly folder: string; readonly options: { readonly [name: string]: unknown } } {
  const folder = mkdtempSync(join(tmpdir(), "kindred-train-"));
  const data = join(folder, "pairs.jsonl");
  const vocabulary = join(folder, "vocab.txt");
  writeFileSync(data, toyPairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  writeFileSync(vocabulary, toyVocabulary);
  const options = {
    data,
    vocabulary,
    output: join(folder, "run"),
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 32,
    maxSeqLength: 12,
    batchSize: 16,
    learningRate: 1e-2,
    warmupSteps: 2,
    maxSteps: 12,
    holdOut: 0.1,
    loggingSteps: 1,
    evalSteps: 6,
    saveSteps: 5,
    cores: 1,
    seed: 3,
  };
  return { folder, options };
}
