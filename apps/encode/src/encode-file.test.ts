import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { saveModelFolder } from "@kindred/model-folder/node";
import { checkOptions } from "@kindred/options";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { readNpy, toFloat32 } from "@kindred/tensor-files";
import type { VectorManifest } from "@kindred/vector-files/node";
import { quantizationRanges, quantizeEmbeddings } from "@kindred/vectors";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { toySaved } from "../../../packages/sentence-encoder/test-support/toy-model.ts";
import { encodeFile, type EncodeFileRequest } from "./encode-file.ts";
import { encodeFlags } from "./encode-flags.ts";
import { merge } from "./merge.ts";

let root: string;
let folder: string;
let encoder: SentenceEncoder;
let said: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "kindred-encode-file-"));
  await saveModelFolder(join(root, "model"), toySaved());
  encoder = await loadSentenceEncoder(join(root, "model"), { cores: 0 });
});
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(root, { recursive: true, force: true }));

const words = ["the", "cat", "sat", "a", "dog", "mat", "."];
const texts = Array.from({ length: 23 }, (_, i) =>
  Array.from({ length: 1 + (i % 5) }, (_, j) => words[(i * 3 + j) % 7]).join(" "),
);
const windowRows = 4;

/** What is asked for, of a model that is in memory already and, where that is wanted, stops after so many windows. */
function request(given: Partial<EncodeFileRequest["flags"]>, stopAfter = Number.POSITIVE_INFINITY): EncodeFileRequest {
  const flags = checkOptions(encodeFlags, given, "a test");
  const load = async () =>
    ({
      model: encoder.model,
      encode: encoder.encode,
      async *encodeStream(...args: Parameters<SentenceEncoder["encodeStream"]>) {
        let windows = 0;
        for await (const window of encoder.encodeStream(...args)) {
          if (windows++ >= stopAfter) throw "SIGINT";
          yield window;
        }
      },
      [Symbol.asyncDispose]: async () => {},
    }) as SentenceEncoder;
  const { maxLength } = flags;
  const model = { name: "model", revision: undefined, sha256: async () => "0".repeat(64) };
  return { flags, texts: [], model, load, options: maxLength === undefined ? {} : { maxLength }, windowRows };
}

function write(name: string, contents: string): string {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
}
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const rowsWithIds = texts.map((text, i) => ({ id: `r${i}`, text }));
const at = (name: string) => join(folder, name);
const bytesOf = (name: string) => readFileSync(at(name));
const manifestOf = (name: string) => JSON.parse(readFileSync(at(`${name}.json`), "utf8")) as VectorManifest;
const endings = [".npy", ".safetensors", ".jsonl", ".parquet"] as const;

describe.each(endings)("%s", (ending) => {
  const withIds = ending === ".jsonl" || ending === ".parquet" ? { idField: "id" } : {};

  test("is the same, its manifest too, wherever a run was stopped and gone on with", async () => {
    const input = [write("in.jsonl", jsonl(rowsWithIds))];
    await encodeFile(request({ input, output: at(`whole${ending}`), ...withIds }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 3 }), async (stops) => {
        rmSync(at(`broken${ending}`), { force: true });
        rmSync(at(`broken${ending}.json`), { force: true });
        const flags = { input, output: at(`broken${ending}`), ...withIds };
        for (const stop of stops) {
          const stopped = encodeFile(request(flags, stop));
          await stopped.catch((reason: unknown) => expect(reason).toBe("SIGINT"));
        }
        await encodeFile(request(flags));
        expect(bytesOf(`broken${ending}`)).toEqual(bytesOf(`whole${ending}`));
        expect(manifestOf(`broken${ending}`)).toEqual(manifestOf(`whole${ending}`));
        expect(existsSync(at(`broken${ending}.part`))).toBe(false);
      }),
      { numRuns: 8 },
    );
  });

  test("is the same, its manifest too, of any number of shards that were merged", async () => {
    const input = [write("in.jsonl", jsonl(rowsWithIds))];
    const precision = ending === ".npy" ? "int8" : "float32";
    await encodeFile(request({ input, output: at(`whole${ending}`), precision, ...withIds }));
    for (const of of [1, 3, 8]) {
      const output = at(`merged${of}${ending}`);
      for (let index = 0; index < of; index++)
        await encodeFile(request({ input, output, precision, shard: `${index}/${of}`, ...withIds }));
      await merge([output, "--quiet"], new AbortController().signal);
      expect(bytesOf(`merged${of}${ending}`)).toEqual(bytesOf(`whole${ending}`));
      expect(bytesOf(`merged${of}${ending}.json`)).toEqual(bytesOf(`whole${ending}.json`));
    }
    await merge([at(`merged3${ending}`)], new AbortController().signal);
    expect(said).toMatch(/merged3\.\w+ is done already: 23 rows of 3 shards\.\n$/);
  });
});

test("vectors are those of encode, with what is known of them beside", async () => {
  const input = [write("in.txt", texts.map((text) => `${text}\n`).join(""))];
  await encodeFile(request({ input, output: at("a.npy"), maxLength: 4 }));
  const { embeddings, truncated } = await encoder.encode(texts, { maxLength: 4 });
  expect(toFloat32(readNpy(bytesOf("a.npy")))).toBeCloseToArray(embeddings, { tolerance: 1e-6 });
  const sha256 = createHash("sha256")
    .update(jsonl(texts.map((text) => [null, text])))
    .digest("hex");
  const bytes = texts.join("\n").length + 1;
  expect(manifestOf("a.npy")).toMatchObject({
    ...{ form: "npy", rows: 23, dimension: 12, precision: "float32", model: "model", revision: null, normalized: true },
    ...{ truncated: truncated.length, maxSeqLength: 4, badRows: {}, shard: null },
    input: { rows: 23, sha256, files: [{ file: input[0], bytes, modified: expect.any(String) as string }] },
  });
  expect(said).toMatch(new RegExp(`^${truncated.length} of 23 texts were longer .*\\n23 texts in .* → .*a\\.npy\\n$`));
});

test("8-bit numbers lie between those of the first rows, or of a file of texts", async () => {
  const input = [write("in.txt", texts.map((text) => `${text}\n`).join(""))];
  const { embeddings, dimension } = await encoder.encode(texts);
  const expected = (sample: Float32Array) =>
    quantizeEmbeddings(
      { embeddings, dimension },
      { precision: "uint8", ranges: quantizationRanges({ embeddings: sample, dimension }) },
    );
  await encodeFile(request({ input, output: at("a.npy"), precision: "uint8" }));
  // a number that lies on a step may fall to either side of it, by the rounding of sums in another order
  const steps = (name: string) => [...readNpy(bytesOf(name)).bytes];
  const worst = (name: string, sample: Float32Array) =>
    Math.max(...expected(sample).embeddings.map((q, i) => Math.abs(q - (steps(name)[i] ?? 0))));
  expect(worst("a.npy", embeddings.subarray(0, windowRows * dimension))).toBeLessThanOrEqual(1);
  expect(said).toMatch(/taken from 4 rows; 100 or more make them better \(--calibration FILE\)/);
  await encodeFile(request({ input, output: at("b.npy"), precision: "uint8", calibration: input[0]! }));
  expect(worst("b.npy", embeddings)).toBeLessThanOrEqual(1);
});

describe("a run again", () => {
  test("over a finished file says that it is done, reads rows only where files look otherwise, and loads no model", async () => {
    const input = [write("in.jsonl", jsonl(rowsWithIds))];
    const flags = { input, output: at("a.npy") };
    await encodeFile(request(flags));
    const before = bytesOf("a.npy");
    const again = async (more = {}) =>
      encodeFile({ ...request({ ...flags, ...more }), load: async () => Promise.reject(new Error("loaded")) });
    await again();
    utimesSync(input[0]!, 1, 1);
    await again();
    expect(said.match(/is done already/g)).toHaveLength(2);
    await expect(again({ maxLength: 5 })).rejects.toThrow(
      /is done, and was made otherwise: maxLength was not set and is 5\. .*--overwrite/,
    );
    await expect(again({ weights: "int8" })).rejects.toThrow(/made otherwise: weights was float32 and is int8\./);
    write("in.jsonl", jsonl([...rowsWithIds, { id: "new", text: "cat" }]));
    await expect(again()).rejects.toThrow(/the input had other rows \(23\)/);
    await expect(again({ overwrite: true })).rejects.toThrow("loaded");
    expect(bytesOf("a.npy")).toEqual(before);
  });

  test("behind other rows than it began with is refused; a line mended further on is not", async () => {
    const bad = `${jsonl(rowsWithIds.slice(0, 10))}nonsense\n${jsonl(rowsWithIds.slice(10))}`;
    const input = [write("in.jsonl", bad)];
    const flags = { input, output: at("a.jsonl"), idField: "id" };
    await expect(encodeFile(request(flags))).rejects.toThrow(
      /in\.jsonl:11: rowsFromJsonl: not JSON\. .*\(--on-bad-row skip\)/,
    );
    expect(said).toMatch(/Stopped: 8 rows are kept in .*a\.jsonl\.part\. The same command goes on behind them\./);
    write("in.jsonl", jsonl([{ id: "other", text: "cat" }, ...rowsWithIds.slice(1)]));
    await expect(encodeFile(request(flags))).rejects.toThrow(
      /the rows are not those that were begun with.*first 8,.*--overwrite/,
    );
    write("in.jsonl", jsonl(rowsWithIds.slice(0, 5)));
    await expect(encodeFile(request(flags))).rejects.toThrow(/the rows are not those/);
    write("in.jsonl", bad);
    await encodeFile(request({ ...flags, onBadRow: "skip" }));
    expect(said).toMatch(/Bad rows: 1 not JSON\./);
    const rows = bytesOf("a.jsonl")
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: string });
    expect(rows.map(({ id }) => id)).toEqual(rowsWithIds.map(({ id }) => id));
    expect(manifestOf("a.jsonl")["badRows"]).toEqual({ "not JSON": 1 });
  });
});

/** The texts of the rows that were written. */
function textsOf(name: string): string[] {
  const lines = bytesOf(name).toString().trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

test("a bad row may be an empty text, so that row i stays row i", async () => {
  const input = [write("in.jsonl", '{"text":"cat"}\nno\n{"no":1}\n{"text":"dog"}\n{"text":4}\n')];
  await encodeFile(request({ input, output: at("a.jsonl"), onBadRow: "empty" }));
  expect(textsOf("a.jsonl")).toEqual(["cat", "", "", "dog", ""]);
  expect(manifestOf("a.jsonl")["badRows"]).toEqual({ "not JSON": 1, "no such column": 1, "not a text": 1 });
});

test("several files are one input, of any form", async () => {
  const input = [write("a.txt", "cat\n\ndog\n"), write("b.csv", "n,text\n1,mat\n"), write("c.jsonl", '"sat"\n')];
  await encodeFile(request({ input, output: at("a.jsonl"), texts: true }));
  expect(textsOf("a.jsonl")).toEqual(["cat", "", "dog", "mat", "sat"]);
});

test("no rows are a file of no rows", async () => {
  const input = [write("in.txt", "")];
  for (const precision of ["float32", "int8", "ubinary"] as const) {
    await encodeFile(request({ input, output: at(`${precision}.npy`), precision }));
    expect(readNpy(bytesOf(`${precision}.npy`)).shape).toEqual([0, precision === "ubinary" ? 2 : 12]);
  }
});

describe("refuses", () => {
  test("ids that have no place: in a file of numbers, of lines of text", async () => {
    const input = [write("in.txt", "cat\n")];
    await expect(encodeFile(request({ input, output: at("a.npy"), idField: "id" }))).rejects.toThrow(
      /--id-field: a \.npy file holds vectors alone/,
    );
    await expect(encodeFile(request({ input, output: at("a.jsonl"), idField: "id" }))).rejects.toThrow(
      /--id-field: lines of text have no fields/,
    );
    expect(readdirSync(folder)).toEqual(["in.txt"]);
  });

  test("shards that are missing, or not of one job", async () => {
    const input = [write("in.jsonl", jsonl(rowsWithIds))];
    const output = at("a.npy");
    const merged = () => merge([output], new AbortController().signal);
    await expect(merged()).rejects.toThrow(/there are no shards of .*Expected a-00000-of-00004\.npy and its like/);
    await encodeFile(request({ input, output, shard: "0/2" }));
    await expect(merged()).rejects.toThrow(/not all shards are done\. Got 1 of 2, without a-00001-of-00002\.npy\./);
    await encodeFile(request({ input, output, shard: "1/2", maxLength: 5 }));
    await expect(merged()).rejects.toThrow(/not of one job.*maxLength was not set and is 5/);
    await encodeFile(request({ input, output, shard: "1/2", overwrite: true }));
    await merged();
    await encodeFile(request({ input, output, shard: "0/3" }));
    await expect(merged()).rejects.toThrow(/shards of several runs\. Got runs of 2 and 3 shards/);
    await expect(merge(["x.csv"], new AbortController().signal)).rejects.toThrow(/expected \.npy/);
    await expect(merge([], new AbortController().signal)).rejects.toThrow(/expected one OUTPUT/);
  });
});

test("memory does not grow with the rows: ten times as many take no more heap", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const rows = 60_000;
  const input = [write("in.txt", Array.from({ length: rows }, (_, i) => `line ${i}\n`).join(""))];
  const heaps: number[] = [];
  const fake = {
    model: encoder.model,
    encode: encoder.encode,
    async *encodeStream(lines: AsyncIterable<string>, { windowTexts = 1 } = {}) {
      const numbers = { dimension: 12, truncated: [], tokenCounts: new Int32Array() };
      let texts: string[] = [];
      let windows = 0;
      for await (const text of lines) {
        texts.push(text);
        if (texts.length < windowTexts) continue;
        yield {
          start: 0,
          texts,
          distinct: texts.length,
          encoded: { ...numbers, embeddings: new Float32Array(12 * texts.length) },
        };
        texts = [];
        if (windows++ % 10 !== 5) continue;
        collect();
        heaps.push(process.memoryUsage().heapUsed);
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const load = async () => fake as unknown as SentenceEncoder;
  await encodeFile({ ...request({ input, output: at("a.npy") }), load, windowRows: 600 });
  expect(readNpy(bytesOf("a.npy")).shape).toEqual([rows, 12]);
  const [tenth = 0] = heaps;
  // A window's line in the list of pieces takes some 300 bytes; rows that were kept would take 60,000 × 50 bytes more.
  expect(Math.max(...heaps) - tenth).toBeLessThan(1_000_000);
});
