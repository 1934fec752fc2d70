import { mpnet } from "@kindred/mpnet";
import { bert } from "@kindred/bert";
import { type Devices, defineEngine, tfjs } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import type * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { toyFiles } from "../test-support/toy-model.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

/** A stand-in for an engine with devices, each of which gives what it was asked to read when it is told to; and what it was asked. */
function devicesBySide(count: number, { portable = true, holds = false } = {}) {
  const seen = { placed: [] as number[], on: [] as number[], rows: [] as number[], reads: [] as (() => void)[] };
  const devices: Devices = {
    count,
    portable,
    place: (tensors, device) => {
      seen.placed[device] = (seen.placed[device] ?? 0) + tensors.length;
    },
    on: (device, work) => {
      seen.on.push(device);
      return work();
    },
    together: () => [],
  };
  const engine = defineEngine({
    name: "devices",
    load: async () => {
      const parts = await tfjs().load();
      const read = async (from: tf.Tensor, into: Float32Array) => {
        seen.rows.push(from.shape[0] ?? 0);
        const values = from.dataSync();
        if (holds) await new Promise<void>((resolve) => seen.reads.push(resolve));
        into.set(values);
      };
      const programs = { blockRows: 16, batchRows: 32 };
      return { ...parts, running: { devices, programs, read } };
    },
  });
  return { engine, seen };
}

const words = ["the", "cat", "dogs", "sat", "on", "mat", ".", "a"];
const texts = Array.from({ length: 40 }, (_, i) =>
  Array.from({ length: (i * 7) % 13 }, (_, j) => words[(i * j + i) % 8]).join(" "),
);
const pooling = { modes: ["cls", "max", "mean", "weightedmean"], includePrompt: false } as const;

test.each([mpnet, bert])(
  "$modelTypes: vectors, with prompts and of tokens too, are those of texts without padding",
  async (family) => {
    const { engine, seen } = devicesBySide(3);
    const files = await toyFiles({ family, pooling });
    await using plain = await sentenceEncoderFromFiles(files, { engine: tfjs() });
    const [want, tokens] = [
      await plain.encodeQuery(texts),
      (await plain.encode(texts, { outputValue: "tokenEmbeddings" })).tokenEmbeddings,
    ];
    await using encoder = await sentenceEncoderFromFiles(files, { engine });
    const { length } = Object.values(encoder.model.encoder.specs);
    expect(seen).toMatchObject({ placed: [length, length, length], on: [0, 1, 2] });
    const got = await encoder.encodeQuery(texts);
    // Sums of some 16 terms in another order: 64 roundings of numbers below 1.
    const tolerance = 64 * 2 ** -24;
    expect(got.embeddings).toBeCloseToArray(want.embeddings, { tolerance });
    expectMutantToFail(() => expect(got.embeddings.slice(48)).toBeCloseToArray(want.embeddings, { tolerance }));
    expect(new Set(seen.on)).toEqual(new Set([0, 1, 2]));
    expect(new Set(seen.rows).size).toBeLessThanOrEqual(3); // room for 4, 8 or 16 sentences
    const ofTokens = await encoder.encode(texts, { outputValue: "tokenEmbeddings" });
    for (const [i, vectors] of ofTokens.tokenEmbeddings.entries())
      expect(vectors).toBeCloseToArray(tokens[i] ?? [], { tolerance: 16 * tolerance }); // of length 4, and not averaged
  },
);

test("a device has two batches at most and a query beside them; one that nobody waits for is not begun", async () => {
  const { engine, seen } = devicesBySide(1, { holds: true });
  await using encoder = await sentenceEncoderFromFiles(await toyFiles(), { engine });
  const stop = new AbortController();
  const long = encoder.encode(texts, { signal: stop.signal, priority: 0 });
  long.catch(() => {});
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  await settle();
  expect(seen.reads.length).toBe(2);
  const query = encoder.encode("the cat");
  await settle();
  expect(seen.reads.length).toBe(3);
  seen.reads[2]?.();
  expect((await query).embeddings.length).toBe(12);
  stop.abort(new Error("enough"));
  await expect(long).rejects.toThrow("enough");
  for (const read of seen.reads) read();
  await settle();
  expect(seen.reads.length).toBe(3);
});

test("where a program runs on one device alone, the first gets everything", async () => {
  const { engine, seen } = devicesBySide(2, { portable: false });
  await using encoder = await sentenceEncoderFromFiles(await toyFiles(), { engine });
  await encoder.encode(texts);
  expect([seen.placed.length, new Set(seen.on)]).toEqual([1, new Set([0])]);
});
