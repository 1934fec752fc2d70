import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { saveModelFolder } from "@kindred/model-folder/node";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { expectMutantToFail } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ToyChanges, toyFiles, toySaved } from "../../../sentence-encoder/test-support/toy-model.ts";
import {
  makeTeacherVectors,
  modelFingerprint,
  openTeacherVectors,
  type TextFile,
  vectorsFolder,
  writeTextFiles,
} from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-vectors-"));
afterAll(() => rmSync(folder, { recursive: true }));
const words = ["the", "cat", "dog", "sat", "on", "mat", "a", "b", "c"];
const all = Array.from({ length: 23 }, (_, i) => `${words[i % 9]} ${words[(i * 4) % 7]} ${"cat ".repeat(i % 5)}${i}`);
let texts: TextFile;
beforeAll(async () => {
  const { files } = await writeTextFiles({ texts: join(folder, "texts.jsonl") }, all);
  texts = files["texts"]!; // which was written
});

const teacher = { name: "toy", fingerprint: "f", maxSeqLength: 16 };
let loads = 0;
const load = async (changes: ToyChanges = {}): Promise<SentenceEncoder> => {
  loads++;
  return sentenceEncoderFromFiles(await toyFiles(changes));
};
const request = (vectors: string) => ({ vectors: join(folder, vectors), texts, teacher });

async function make(vectors: string, options: Partial<Parameters<typeof makeTeacherVectors>[0]> = {}) {
  const done: number[] = [];
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  for await (const progress of makeTeacherVectors({
    ...request(vectors),
    load,
    rowsPerShard: 4,
    onWarning,
    ...options,
  }))
    done.push(progress.done);
  return { done, warnings };
}

const shards = (vectors: string) =>
  readdirSync(vectorsFolder(request(vectors)))
    .filter((name) => name.startsWith("shard"))
    .sort();
const bytesOf = (vectors: string) =>
  shards(vectors).map((name) => readFileSync(join(vectorsFolder(request(vectors)), name), "hex"));

test("keeps the teacher's vectors as nearly as its documentation says, row by row and by text", async () => {
  const { done } = await make("whole");
  expect([shards("whole").length, done.at(-1)]).toEqual([6, 23]);
  const kept = await openTeacherVectors(request("whole"));
  await using encoder = await load();
  const { embeddings, dimension } = await encoder.encode(all);
  expect([kept.count, kept.dimension, kept.manifest.dtype]).toEqual([23, dimension, "F16"]);
  const order = [22, 0, 5, 4, 3, 5, 17];
  const rows = await kept.read(order);
  const byText = await kept.encode(order.map((row) => all[row] ?? ""));
  expect(byText.embeddings).toEqual(rows.embeddings);
  const off = (values: Float32Array, from: readonly number[]) =>
    Math.max(
      ...from.map((row, place) =>
        Math.hypot(
          ...Array.from(
            { length: dimension },
            (_, i) => (values[place * dimension + i] ?? 0) - (embeddings[row * dimension + i] ?? 0),
          ),
        ),
      ),
    );
  expect(off(rows.embeddings, order)).toBeLessThan(5e-4); // of length 1: see makeTeacherVectors
  expectMutantToFail(() => expect(off(rows.embeddings, [...order].reverse())).toBeLessThan(5e-4));
  await expect(kept.encode(["not among them"])).rejects.toThrow(ConfigError);
  await kept.close();
});

test("vectors of no known length are kept to the last bit", async () => {
  const changes: ToyChanges = { after: [] };
  await make("float32", { load: () => load(changes) });
  const kept = await openTeacherVectors(request("float32"));
  await using encoder = await load(changes);
  expect(kept.manifest.dtype).toBe("F32");
  expect((await kept.encode(all)).embeddings).toEqual((await encoder.encode(all)).embeddings);
  await kept.close();
});

describe("going on", () => {
  test("a later call finds all of it, and does not load the teacher", async () => {
    await make("whole");
    const before = loads;
    expect((await make("whole")).done).toEqual([23]);
    expect(loads).toBe(before);
  });

  test.each([0, 1, 3, 5])(
    "after %i shards a stopped call goes on with the next, and gives the same bytes",
    async (count) => {
      const stop = new AbortController();
      const vectors = `stopped ${count}`;
      if (count > 0) {
        const stopped = (async () => {
          for await (const _ of makeTeacherVectors({ ...request(vectors), load, rowsPerShard: 4, signal: stop.signal }))
            if (shards(vectors).length >= count) stop.abort(new Error("stop"));
        })();
        await expect(stopped).rejects.toThrow("stop");
        expect(shards(vectors).length).toBeGreaterThanOrEqual(count);
      }
      await make(vectors);
      expect(bytesOf(vectors)).toEqual(bytesOf("whole"));
    },
  );

  test.each([
    ["a byte", (bytes: Buffer) => bytes.with(bytes.length - 3, 1 ^ (bytes.at(-3) ?? 0))],
    ["its end", (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
    ["all of it", () => Buffer.from("")],
  ])("a shard that lost %s is named and encoded again, it alone", async (_, damage) => {
    cpSync(join(folder, "whole"), join(folder, "damaged"), { recursive: true });
    const [, path = ""] = shards("damaged").map((name) => join(vectorsFolder(request("damaged")), name));
    writeFileSync(path, damage(readFileSync(path)));
    const { warnings, done } = await make("damaged");
    expect(warnings).toEqual([`warning: ${path} is damaged, and is encoded again.`]);
    expect(done.at(-1)).toBe(23);
    expect(bytesOf("damaged")).toEqual(bytesOf("whole"));
  });

  test("other texts, another teacher and another limit of tokens have folders of their own", () => {
    const folders = [
      request("v"),
      { ...request("v"), texts: { ...texts, sha256: "other" } },
      { ...request("v"), teacher: { ...teacher, fingerprint: "other" } },
      { ...request("v"), teacher: { ...teacher, maxSeqLength: 8 } },
    ].map(vectorsFolder);
    expect(new Set(folders).size).toBe(4);
    expect(vectorsFolder({ ...request("v"), teacher: { ...teacher, name: "elsewhere" } })).toBe(folders[0]);
  });
});

test("refuses a file of texts that has changed, and a manifest of something else", async () => {
  const path = join(folder, "short.jsonl");
  await writeTextFiles({ texts: path }, all.slice(1));
  const asked = { ...request("whole"), texts: { ...texts, path } };
  await expect(openTeacherVectors(asked)).rejects.toThrow(FormatError);
  await expect(make("changed", { texts: { ...texts, path } })).rejects.toThrow(
    "has other texts than when it was written",
  );
  await make("broken");
  writeFileSync(join(vectorsFolder(request("broken")), "manifest.json"), "{}");
  await expect(make("broken")).rejects.toThrow("is no manifest of a teacher's vectors");
});

test("a shard that has gone is named, and what is open can be closed", async () => {
  await make("gone");
  const opened = await openTeacherVectors(request("gone"));
  rmSync(join(vectorsFolder(request("gone")), "shard-00001.safetensors"));
  await expect(opened.read([0, 4])).rejects.toThrow("it is encoded again");
  await opened.close();
});

test("a model's fingerprint depends on its weights and settings, not on its card or where it lies", async () => {
  await saveModelFolder(join(folder, "model"), toySaved(), { readme: "# One\n" });
  await saveModelFolder(join(folder, "same"), toySaved(), { readme: "# Another\n" });
  await saveModelFolder(join(folder, "shorter"), toySaved({ maxSeqLength: 9 }));
  const [model, same, shorter] = await Promise.all(
    ["model", "same", "shorter"].map((name) => modelFingerprint(join(folder, name))),
  );
  expect(model).toMatch(/^[0-9a-f]{64}$/);
  expect(same).toBe(model);
  expect(shorter).not.toBe(model);
  await expect(modelFingerprint(join(folder, "nowhere"))).rejects.toThrow(FormatError);
});
