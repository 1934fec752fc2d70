import fc from "fast-check";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { type RowOptions, rowsFromJsonl, rowsFromParquet, type TextRow } from "./index.ts";

type Options = Partial<RowOptions>;
type Json = { readonly [name: string]: unknown };

async function all(rows: AsyncIterable<TextRow>): Promise<Omit<TextRow, "place">[]> {
  const read: Omit<TextRow, "place">[] = [];
  for await (const { place: _, ...row } of rows) read.push(row);
  return read;
}

/** Objects of the same keys as columns. */
function written(objects: readonly Json[], rowGroupSize = 2, codec: "SNAPPY" | "UNCOMPRESSED" = "SNAPPY"): ArrayBuffer {
  const names = Object.keys(objects[0] ?? {});
  const columnData = names.map((name): ColumnSource => ({ name, data: objects.map((object) => object[name]) }));
  return parquetWriteBuffer({ columnData, rowGroupSize, codec });
}

const rowsOf = (bytes: ArrayBuffer, options: Options = {}) =>
  all(rowsFromParquet(bytes, { file: "f.parquet", ...options }));
const rowsOfJsonl = (objects: readonly Json[], options: Options = {}) =>
  all(
    rowsFromJsonl(new Blob(objects.map((object) => `${JSON.stringify(object)}\n`)).stream(), { file: "f", ...options }),
  );

const twice = (object: Json): Json[] => [object, object, object];

test.each([
  ["columns in their order", { positive: "p", anchor: "a" }, {}],
  ["a score", { a: "1", b: "2", score: 0.5 }, {}],
  ["a whole number as label", { text: "a", label: 3 }, {}],
  ["a list of negatives", { anchor: "a", positive: "p", negative: ["n", "m"] }, {}],
  ["a list of texts", { texts: ["a", "b", "c"] }, {}],
  ["FlagEmbedding", { query: "q", pos: ["p", "r"], neg: ["n"] }, {}],
  ["PolyAI", { context: "c", response: "r", thread_id: 7 }, {}],
  ["scores of candidates", { q: "1", p: "2", n: "3", scores: [9.5, -1] }, {}],
  ["named columns", { id: 1, b: "2", a: "1", label: 0 }, { columns: ["a", "b", "label"] }],
  ["one text", { text: "a" }, { leastTexts: 1 as const }],
  ["fewer negatives", { q: "a", p: "b", n: ["1", "2", "3"] }, { negatives: 2 }],
])("%s: the rows of a .jsonl of the same objects", async (_, object, options) => {
  const read = await rowsOf(written(twice(object)), options);
  expect(read.length).toBeGreaterThanOrEqual(3);
  expect(read).toEqual(await rowsOfJsonl(twice(object), options));
});

test("keeps every text, whatever the size of row groups and the packing", async () => {
  const text = fc.string({ unit: "grapheme-composite" });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom("SNAPPY" as const, "UNCOMPRESSED" as const),
      async (pairs, rowGroupSize, codec) => {
        const bytes = written(
          pairs.map(([a, b]) => ({ a, b })),
          rowGroupSize,
          codec,
        );
        expect(await rowsOf(bytes)).toEqual(pairs.map((texts) => ({ texts })));
      },
    ),
  );
});

test("reads a row group when its rows are asked for, and no column that is not taken", async () => {
  const objects = Array.from({ length: 6 }, (_, i) => ({ a: `a${i}`, b: `b${i}`, other: "x".repeat(5000) + i }));
  const bytes = written(objects, 2, "UNCOMPRESSED");
  const read: number[] = []; // bytes, slice by slice
  const source = {
    byteLength: bytes.byteLength,
    slice(start: number, end = bytes.byteLength) {
      read.push(end - start);
      return bytes.slice(start, end);
    },
  };
  const rows = rowsFromParquet(source, { file: "f", columns: ["a", "b"] });
  await rows.next();
  const atFirst = read.length;
  await rows.next();
  expect(read.length).toBe(atFirst);
  await rows.next();
  expect(read.length).toBeGreaterThan(atFirst);
  // The end of the file is read once, whole if it is short; the columns that are taken have few bytes.
  expect(read.slice(1).every((size) => size < 1000)).toBe(true);
});

test("tells columns and places, and counts bad rows that it leaves out", async () => {
  const bytes = written([
    { a: "1", b: "2", score: 1 },
    { a: "3", b: null, score: 2 },
    { a: "5", b: "6", score: 3 },
  ]);
  const told: unknown[] = [];
  let skipped = 0;
  const options = {
    file: "f",
    onBadLine: "skip",
    onSkip: () => skipped++,
    onColumns: (names: unknown) => told.push(names),
  } as const;
  const places: unknown[] = [];
  for await (const { place } of rowsFromParquet(bytes, options)) places.push(place.line);
  expect([places, skipped, told]).toEqual([[1, 3], 1, [{ texts: ["a", "b"], marks: ["score"], leftOut: [] }]]);
  await expect(rowsOf(bytes)).rejects.toThrow('f.parquet:2: rowsFromParquet: row 2: "b" is `null`, not a text');
});

test("refuses what is no Parquet file, is cut off, has other columns or no rows", async () => {
  const bytes = written(twice({ a: "1", b: "2" }));
  const refusal = (buffer: ArrayBuffer, options?: Options) => expect(rowsOf(buffer, options)).rejects;
  await refusal(new TextEncoder().encode("not at all").buffer).toThrow(
    /f\.parquet: rowsFromParquet: cannot read what stands at its end \(/,
  );
  await refusal(new ArrayBuffer(0)).toThrow(/cannot read what stands at its end/);
  await refusal(bytes.slice(0, bytes.byteLength - 5)).toThrow(/cannot read what stands at its end/);
  await refusal(bytes, { columns: ["a", "c"] }).toThrow('there is no column "c". Got `a, b`, expected a, c among them');
  expect(await rowsOf(bytes, { columns: ["a", "c"], columnsIfThere: true })).toHaveLength(3);
  const none = parquetWriteBuffer({
    columnData: ["a", "b"].map((name) => ({ name, data: [], type: "STRING" as const })),
  });
  await refusal(none).toThrow("rowsFromParquet: no rows.");
  expect(await rowsOf(none, { mayBeEmpty: true })).toEqual([]);
});

test("names the codec of pages that are packed in a way it does not know", async () => {
  const compressors = { LZO: (bytes: Uint8Array) => bytes };
  const columnData: ColumnSource[] = ["a", "b"].map((name) => ({ name, data: ["1", "2"] }));
  const bytes = parquetWriteBuffer({ columnData, codec: "LZO", compressors });
  await expect(rowsOf(bytes)).rejects.toThrow(
    /^f\.parquet: rowsFromParquet: column a of row group 1 is packed with LZO\. Expected .*SNAPPY.*ZSTD.* or none\./,
  );
});

test("names row group and column of text that is not UTF-8, and of damage", async () => {
  const column = (name: string, data: unknown[]): ColumnSource => ({ name, data, type: "BYTE_ARRAY" });
  const good = Array.from({ length: 4 }, () => Uint8Array.of(65));
  const bytes = parquetWriteBuffer({
    columnData: [column("a", good), column("b", [...good.slice(0, 3), Uint8Array.of(0xff, 0xfe)])],
    rowGroupSize: 2,
  });
  await expect(rowsOf(bytes)).rejects.toThrow(
    /cannot read column b of row group 2 \(.*encoded data was not valid.*\)\. Expected/,
  );
});
