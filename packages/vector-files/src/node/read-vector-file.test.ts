import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, DataError, FormatError } from "@kindred/errors";
import { fromFloat32, writeNpy, writeSafetensors } from "@kindred/tensor-files";
import type { Precision } from "@kindred/vectors";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonlForm, npyForm, safetensorsForm, type VectorForm } from "../index.ts";
import { parquetForm } from "../parquet-form.ts";
import { openVectorFile, readVectorFile } from "./index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-read-vectors-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const forms: readonly VectorForm[] = [npyForm, safetensorsForm, jsonlForm, parquetForm];

type Written = {
  readonly sizes: readonly number[];
  readonly dimension: number;
  readonly numbers: readonly number[];
  readonly ids: readonly (string | number | null)[];
  readonly texts: readonly string[];
};

async function write(
  form: VectorForm,
  { sizes, dimension, numbers, ids, texts }: Written,
  precision: Precision,
): Promise<string> {
  const path = join(folder, `vectors${form.ending}`);
  const columns = { dimension, precision, ids: form.holds.ids, texts: form.holds.texts };
  const file = await openVectorFile(path, { form, columns, job: {}, overwrite: true });
  let start = 0;
  for (const size of sizes) {
    const own = numbers.slice(start * dimension, (start + size) * dimension);
    const embeddings =
      precision === "float32"
        ? Float32Array.from(own)
        : precision === "int8"
          ? Int8Array.from(own)
          : Uint8Array.from(own);
    await file.write(
      { start, embeddings, ids: ids.slice(start, start + size), texts: texts.slice(start, start + size) },
      null,
    );
    start += size;
  }
  await file.finish({});
  return path;
}

/** Everything that is read, and how many rows came at a time. */
async function all<P extends Precision>(path: string, options: Parameters<typeof readVectorFile<P>>[1]) {
  const [numbers, ids, texts, sizes]: [number[], unknown[], unknown[], number[]] = [[], [], [], []];
  for await (const rows of readVectorFile<P>(path, options)) {
    expect(rows.start).toBe(sizes.reduce((sum, size) => sum + size, 0));
    const count = rows.embeddings.length / rows.dimension;
    sizes.push(count);
    numbers.push(...rows.embeddings);
    ids.push(...(rows.ids ?? Array<null>(count).fill(null)));
    texts.push(...(rows.texts ?? Array<string>(count).fill("")));
  }
  return { numbers, ids, texts, sizes };
}

const byte = { float32: fc.float({ noNaN: true, noDefaultInfinity: true }), int8: fc.integer({ min: -128, max: 127 }) };
const written = (number: fc.Arbitrary<number>) =>
  fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
      dimension: fc.integer({ min: 1, max: 4 }),
    })
    .chain(({ sizes, dimension }) => {
      const count = sizes.reduce((sum, size) => sum + size, 0);
      const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });
      return fc.record({
        ...{ sizes: fc.constant(sizes), dimension: fc.constant(dimension) },
        numbers: list(number, count * dimension),
        ids: list(fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(null)), count),
        texts: list(fc.string({ unit: "grapheme" }), count),
      });
    });

test.each(forms.map((form) => [form.ending, form] as const))(
  "%s: what was written is read, number for number, in windows of any size",
  async (_, form) => {
    for (const precision of ["float32", "int8"] as const)
      await fc.assert(
        fc.asyncProperty(written(byte[precision]), fc.integer({ min: 1, max: 7 }), async (rows, windowRows) => {
          const path = await write(form, rows, precision);
          const { numbers, ids, texts, sizes } = await all(path, { precision, windowRows });
          // −0 is 0 in JSON
          expect(numbers.map((x) => x + 0)).toEqual(rows.numbers.map((x) => x + 0));
          if (form === parquetForm) expect(sizes).toEqual(rows.sizes);
          else expect(sizes.slice(0, -1).every((size) => size === windowRows)).toBe(true);
          if (!form.holds.ids) return;
          expect([ids, texts]).toEqual([rows.ids, rows.texts]);
        }),
        { numRuns: 15 },
      );
  },
);

test("a Parquet file's row numbers are its ids where rows have none", async () => {
  const path = join(folder, "numbered.parquet");
  const columns = { dimension: 1, precision: "ubinary", ids: false, texts: false } as const;
  const file = await openVectorFile(path, { form: parquetForm, columns, job: {} });
  await file.write({ start: 7, embeddings: Uint8Array.of(255, 0) }, null);
  await file.finish({});
  expect(await all(path, { precision: "ubinary" })).toMatchObject({ numbers: [255, 0], ids: [7, 8], texts: ["", ""] });
});

test("refuses another precision, a file that is cut off, and rows that are none, by file and line", async () => {
  const rows = { sizes: [3], dimension: 2, numbers: [1.5, 2, 3, 4, 5, 6], ids: ["a", "b", "c"], texts: ["", "", ""] };
  for (const form of forms) {
    const path = await write(form, rows, "float32");
    const wrong = all(path, { precision: "int8" });
    await expect(wrong).rejects.toThrow(form === jsonlForm ? DataError : FormatError);
    await expect(wrong).rejects.toThrow(/precision int8/);
    if (form === jsonlForm) continue;
    truncateSync(path, readFileSync(path).length - 3);
    await expect(all(path, {})).rejects.toThrow(new RegExp(`vectors\\${form.ending}`));
  }
  const path = join(folder, "bad.jsonl");
  for (const [second, problem] of [
    ["{", /bad\.jsonl:2: readVectorFile: no row/],
    ['{"embedding": [1, "2"]}', /:2: .*no list of numbers/],
    ['{"embedding": [1]}', /:2: .*another length.* Got 1 numbers, expected 2/],
    ['{"text": "a"}', /:2: .*no list of numbers/],
  ] as const) {
    writeFileSync(path, `{"embedding": [1, 2]}\n${second}\n`);
    await expect(all(path, {})).rejects.toThrow(problem);
  }
  await expect(all(join(folder, "a.csv"), {})).rejects.toThrow(ConfigError);
  for (const ending of [".npy", ".jsonl", ".parquet"])
    await expect(all(join(folder, `nowhere${ending}`), {})).rejects.toThrow(/nowhere.*: readVectorFile: no such file/);
});

test("reads what others wrote, and refuses what cannot be read row by row", async () => {
  const [npy, safe] = [join(folder, "other.npy"), join(folder, "other.safetensors")];
  writeFileSync(npy, writeNpy(fromFloat32([1, 2], [1, 2])));
  expect((await all(npy, {})).numbers).toEqual([1, 2]);
  writeFileSync(npy, writeNpy(fromFloat32([1, 2], [2])));
  await expect(all(npy, {})).rejects.toThrow(/Got F32 \(2\), expected F32 \(rows, numbers\)/);
  const text = Buffer.from(writeNpy(fromFloat32([1, 2], [1, 2]))).toString("latin1");
  for (const [was, is] of [
    ["'<f4'", "'>f4'"],
    ["False", "True "],
  ] as const) {
    writeFileSync(npy, Buffer.from(text.replace(was, is), "latin1"));
    await expect(all(npy, {})).rejects.toThrow(/not an array that is read row by row/);
  }
  writeFileSync(safe, writeSafetensors([["embedding", fromFloat32([1, 2], [1, 2])]]));
  await expect(all(safe, {})).rejects.toThrow(/no such tensor\. Got "embeddings", did you mean "embedding"/);
});
