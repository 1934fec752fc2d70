import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGzip } from "node:zlib";
import { contrastive } from "@kindred/contrastive-loss";
import { newSettings } from "@kindred/model-folder";
import { expectMutantToFail } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { trainConfig, trainingData, trainingSampler } from "@kindred/trainer";
import { afterAll, expect, test } from "vitest";
import { openRunData } from "./run-inputs.ts";

const folder = mkdtempSync(join(tmpdir(), "memory-law-"));
afterAll(() => rmSync(folder, { recursive: true }));
setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** Bytes of JavaScript that are alive. */
function alive(): number {
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed;
}

async function fileOf(rows: number): Promise<string> {
  const path = join(folder, `${rows}.jsonl.gz`);
  function* lines() {
    for (let i = 0; i < rows; i++)
      yield `["question ${i}: what is known of the number ${i}?", "the number ${i} comes after ${i - 1}, as every child knows"]\n`;
  }
  await pipeline(Readable.from(lines(), { objectMode: false }), createGzip({ level: 1 }), createWriteStream(path));
  return path;
}

const model = {
  tokenizer: tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\nwhat\n[UNK]\n<mask>\n"),
  settings: { ...newSettings(), maxSeqLength: 16 },
};

/** The most that is alive while a streamed file of so many rows is drawn from, once from front to back. */
async function peak(rows: number, keep: (row: object) => void = () => {}): Promise<number> {
  const config = trainConfig({ data: await fileOf(rows), batchSize: 500, maxRowsInMemory: 1000, maxHoldOutRows: 100 });
  const data = await trainingData(config, model, await openRunData(config, contrastive()));
  const sampler = trainingSampler(config, data);
  let [drawn, most] = [0, 0];
  const before = alive();
  for (let batch = 0; drawn + 2 * config.batchSize < rows; batch++) {
    for (const { row } of (await sampler.next())?.rows ?? []) {
      drawn++;
      keep(row);
    }
    if (batch % 8 === 0) most = Math.max(most, alive() - before);
  }
  await sampler.close();
  return most;
}

test("what is alive does not grow with a streamed file: ten times the rows, the same memory", async () => {
  const count = 8000;
  await peak(count); // what is compiled and cached once
  const small = await peak(count);
  const large = await peak(10 * count);
  // A row's two texts have 90 characters, so at the least 90 bytes would stay of each that is kept, of 72,000 more rows. A tenth of that may come
  // from elsewhere: compiled code, a batch more or less.
  const kept = 9 * count * 90;
  const expectFlat = (most: number) => expect(most - small).toBeLessThan(kept / 10);
  expectFlat(large);
  const all: object[] = [];
  const whole = await peak(10 * count, (row) => all.push(row));
  expectMutantToFail(() => expectFlat(whole));
}, 120_000);
