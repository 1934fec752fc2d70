import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { ConfigError, DataError } from "@kindred/errors";
import { saveModelFolder } from "@kindred/model-folder/node";
import { type SentenceEncoder, sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import {
  Dictionary,
  Field,
  Int32,
  LargeUtf8,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  type Table,
  tableFromIPC,
  Utf8,
  vectorFromArray,
  makeData,
  type DataType,
} from "apache-arrow";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { toyFiles, toySaved } from "../../../packages/sentence-encoder/test-support/toy-model.ts";
import { type ArrowCounts, type ArrowOptions, encodeArrow } from "./encode-arrow.ts";
import { main } from "./main.ts";

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
});
afterAll(() => encoder.close());

type Row = { readonly text: string | null; readonly n: number; readonly kind: string };
const types = { text: new Utf8() as DataType, n: new Int32(), kind: new Dictionary(new Utf8(), new Int32(), 7) };

/** Batches of rows as an Arrow stream; the texts may be of another type. */
function streamOf(batches: readonly (readonly Row[])[], text: DataType = types.text): Uint8Array {
  const fields = [new Field("text", text, true), new Field("n", types.n), new Field("kind", types.kind)];
  const schema = new Schema(fields, new Map([["of", "a test"]]));
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const rows of batches) {
    const texts = vectorFromArray(
      rows.map((row) => row.text),
      text as Utf8,
    );
    const numbers = vectorFromArray(
      rows.map(({ n }) => n),
      types.n,
    );
    const kind = vectorFromArray(
      rows.map((row) => row.kind),
      types.kind,
    ); // a dictionary of its own for each batch, in the order in which it meets the words
    const children = [
      texts.data[0] ?? makeData({ type: text as Utf8 }),
      numbers.data[0] ?? makeData({ type: types.n }),
      kind.data[0] ?? makeData({ type: types.kind }),
    ];
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(fields), length: rows.length, children })));
  }
  writer.finish();
  return writer.toUint8Array(true);
}

const plain: Omit<ArrowOptions, "signal"> = { textField: "text", vectorField: "vector", onBadRow: "stop" };

/** What comes of a stream whose bytes come in pieces of a length. */
async function encoded(
  bytes: Uint8Array,
  options: Partial<ArrowOptions> & { readonly promptName?: string } = {},
  pieceBytes = 1 << 16,
): Promise<{ table: Table; counts: ArrowCounts; bytes: Uint8Array }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { signal = new AbortController().signal } = options;
  const result = encodeArrow(encoder, { input, output }, { ...plain, ...options, signal });
  const pieces: Uint8Array[] = [];
  output.on("data", (piece: Uint8Array) => pieces.push(piece));
  for (let at = 0; at < bytes.length; at += pieceBytes) input.write(bytes.subarray(at, at + pieceBytes));
  input.end();
  const counts = await result;
  const all = Buffer.concat(pieces);
  return { table: tableFromIPC(all), counts, bytes: all };
}

const rows = fc.record({
  text: fc.constantFrom("the cat", "", "dogs . dogs", "😀 a", "on the mat ".repeat(9)),
  n: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  kind: fc.constantFrom("a", "b"),
});

test("gives every batch back as it was, with the vectors of encode beside it, however its bytes come", async () => {
  const batches = fc.array(fc.array(rows, { maxLength: 6 }), { minLength: 1, maxLength: 5 });
  const text = fc.constantFrom<DataType>(new Utf8(), new LargeUtf8());
  await fc.assert(
    fc.asyncProperty(batches, text, fc.integer({ min: 1, max: 900 }), async (list, type, pieceBytes) => {
      const { table, counts } = await encoded(streamOf(list, type), {}, pieceBytes);
      expect(table.batches.filter((batch) => batch.numRows > 0).map((batch) => batch.numRows)).toEqual(
        list.map((batch) => batch.length).filter((length) => length > 0),
      );
      expect(table.schema.fields.map((field) => `${field.name} ${field.type}`)).toEqual([
        `text ${type}`,
        "n Int32",
        `kind ${types.kind}`,
        "vector FixedSizeList[12]<Float32>",
      ]);
      expect(table.schema.metadata.get("of")).toBe("a test");
      const all = list.flat();
      const { embeddings, truncated } = await encoder.encode(all.map((row) => row.text ?? ""));
      expect(counts).toEqual({ rows: all.length, truncated: truncated.length, badRows: 0 });
      for (const [i, row] of all.entries()) {
        const { vector, ...others } = table.get(i)?.toJSON() ?? {};
        expect(others).toEqual(row);
        expect([...vector]).toEqual([...embeddings.subarray(12 * i, 12 * (i + 1))]);
      }
    }),
    { numRuns: 40 },
  );
});

test("answers a batch before the next one comes", async () => {
  const first = { text: "the cat", n: 1, kind: "a" };
  const bytes = streamOf([[first], [{ text: "a dog", n: 2, kind: "b" }]]);
  const end = streamOf([[first]]).length - 8; // of the first batch: a stream ends with 8 bytes more
  const [input, output] = [new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const done = encodeArrow(encoder, { input, output }, { ...plain, signal });
  let answer = Buffer.alloc(0);
  output.on("data", (piece: Buffer) => {
    answer = Buffer.concat([answer, piece]);
  });
  input.write(bytes.subarray(0, end));
  await vi.waitFor(() =>
    expect(
      tableFromIPC(answer)
        .toArray()
        .map((row) => row.n),
    ).toEqual([1]),
  );
  input.end(bytes.subarray(end));
  expect(await done).toMatchObject({ rows: 2 });
});

test("a row without a text stops with its number, has no vector, or counts as empty", async () => {
  const bytes = streamOf([
    [{ text: "the cat", n: 1, kind: "a" }],
    [
      { text: "a dog", n: 2, kind: "b" },
      { text: null, n: 3, kind: "b" },
    ],
  ]);
  await expect(encoded(bytes)).rejects.toThrow(DataError);
  await expect(encoded(bytes)).rejects.toThrow(/standard input: row 3 has no text.*--on-bad-row skip/);
  const skipped = await encoded(bytes, { onBadRow: "skip" });
  expect(skipped.counts).toEqual({ rows: 3, truncated: 0, badRows: 1 });
  expect([0, 1, 2].map((i) => skipped.table.get(i)?.toJSON().vector === null)).toEqual([false, false, true]);
  const empty = await encoded(bytes, { onBadRow: "empty" });
  expect([...(empty.table.get(2)?.toJSON().vector ?? [])]).toEqual([...(await encoder.encode("")).embeddings]);
});

test("options of encode are obeyed", async () => {
  const { table } = await encoded(streamOf([[{ text: "the cat", n: 1, kind: "a" }]]), { promptName: "query" });
  expect([...(table.get(0)?.toJSON().vector ?? [])]).toEqual([...(await encoder.encodeQuery("the cat")).embeddings]);
});

test("a stream that is given up ends with the signal's reason, also while it is silent", async () => {
  const controller = new AbortController();
  const input = new PassThrough();
  const done = encodeArrow(encoder, { input, output: new PassThrough() }, { ...plain, signal: controller.signal });
  input.write(streamOf([[]]).subarray(0, 40));
  setTimeout(() => controller.abort("SIGTERM"), 20);
  await expect(done).rejects.toBe("SIGTERM");
});

const good = streamOf([[{ text: "the cat", n: 1, kind: "a" }]]);
test.each<[string, Uint8Array, Partial<ArrowOptions>, typeof ConfigError | typeof DataError, RegExp]>([
  [
    "nothing",
    new Uint8Array(),
    {},
    DataError,
    /standard input: cannot be read as an Arrow IPC stream \(no schema came\)/,
  ],
  ["other bytes", Buffer.from("the cat\nsat\n"), {}, DataError, /cannot be read as an Arrow IPC stream/],
  ["half a stream", good.subarray(0, good.length - 100), {}, DataError, /cannot be read as an Arrow IPC stream/],
  ["no such column", good, { textField: "body" }, ConfigError, /--text-field.*Got body, expected one of text, n, kind/],
  ["a column of numbers", good, { textField: "n" }, ConfigError, /--text-field.*Got n of Int32, expected Utf8/],
  [
    "a column that is there",
    good,
    { vectorField: "n" },
    ConfigError,
    /--vector-field.*Got n\. Name the vectors otherwise/,
  ],
])("refuses %s", async (_, bytes, options, kind, message) => {
  await expect(encoded(bytes, options)).rejects.toThrow(kind);
  await expect(encoded(bytes, options)).rejects.toThrow(message);
});

test("the command reads standard input and writes standard output, and tells people on standard error", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kindred-arrow-"));
  await saveModelFolder(join(folder, "model"), toySaved());
  const bytes = streamOf([[{ text: "the cat ".repeat(20), n: 1, kind: "a" }], [{ text: null, n: 2, kind: "b" }]]);
  const bin = fileURLToPath(new URL("../bin/kindred-encode.mjs", import.meta.url));
  const args = ["--own-node", "--model", "model", "--format", "arrow", "--on-bad-row", "empty", "--cores", "1"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, input: bytes });
  await rm(folder, { recursive: true });
  expect(String(stderr)).toBe(
    "1 of 2 texts were longer than the model's limit and lost their end.\n1 of 2 rows had no text.\n",
  );
  expect(status).toBe(0);
  const { bytes: expected } = await encoded(bytes, { onBadRow: "empty" });
  expect(stdout.equals(expected)).toBe(true);
});

test.each([["--similarity"], ["--output", "a.npy"], ["--json"], ["a text"]])(
  "refuses %s beside it",
  async (...other) => {
    const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(await main(["--model", "model", "--format", "arrow", ...other])).toBe(2);
    expect(told.mock.calls.join("")).toMatch(/--format arrow reads standard input and writes standard output/);
    told.mockRestore();
  },
);
