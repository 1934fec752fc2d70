import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { readNpy, readSafetensors, toFloat32 } from "@kindred/tensor-files";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { jsonlForm, npyForm, safetensorsForm, type VectorColumns, type VectorForm, vectorFormOf } from "../index.ts";
import { parquetForm } from "../parquet-form.ts";
import { finishedVectorFile, openVectorFile } from "./index.ts";

let root: string;
let folder: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "kindred-vectors-"));
});
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const forms = [npyForm, safetensorsForm, jsonlForm, parquetForm];
const job = { model: "m", precision: "float32" };
const columnsOf = ({ holds }: VectorForm): VectorColumns => ({
  dimension: 3,
  precision: "float32",
  ids: holds.ids,
  texts: holds.texts,
});

/** Rows whose numbers, ids and texts follow from where they stand. */
function rowsFrom(start: number, count: number) {
  const rows = Array.from({ length: count }, (_, row) => start + row);
  return {
    start,
    embeddings: Float32Array.from(rows.flatMap((row) => [row, 0.1 * row, -1 / (row + 1)])),
    ids: rows.map((row) => (row % 3 === 0 ? null : row % 3 === 1 ? row : `id ${row}`)),
    texts: rows.map((row) => `text \u2028 ${row % 5} 🐈`),
  };
}

/** Writes pieces of these sizes, leaving and opening the file again behind those that `stops` names. */
async function write(path: string, form: VectorForm, sizes: readonly number[], stops: readonly number[] = []) {
  const options = { form, columns: columnsOf(form), job };
  let at = 0;
  let file = await openVectorFile(path, options);
  for (const [piece, size] of sizes.entries()) {
    await file.write(rowsFrom(at, size), { piece });
    at += size;
    if (!stops.includes(piece)) continue;
    await file[Symbol.asyncDispose]();
    file = await openVectorFile(path, options);
    expect(file.found).toEqual({ pieces: piece + 1, rows: at, mark: { piece } });
  }
  return file.finish({ truncated: 0 });
}

describe.each(forms.map((form) => [form.ending, form] as const))("%s", (ending, form) => {
  test("is the same bytes wherever its writer was stopped, and leaves nothing but the file and its manifest", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.nat(4), { maxLength: 3 }), async (sizes, stops) => {
        const place = mkdtempSync(join(folder, "run-"));
        const [whole, broken] = [join(place, `whole${ending}`), join(place, `broken${ending}`)];
        const manifest = await write(whole, form, sizes);
        expect(await write(broken, form, sizes, stops)).toEqual(manifest);
        expect(readFileSync(broken)).toEqual(readFileSync(whole));
        expect(await finishedVectorFile(broken)).toEqual(manifest);
        expect(readdirSync(place)).toHaveLength(4);
      }),
      { numRuns: 10 },
    );
  });

  test("of no rows is a whole file", async () => {
    const path = join(folder, `none${ending}`);
    const manifest = await write(path, form, []);
    expect([manifest.rows, manifest.bytes]).toEqual([0, readFileSync(path).length]);
  });

  test("what a killed writer left behind the last piece of its journal is cut off", async () => {
    const [path, whole] = [join(folder, `killed${ending}`), join(folder, `whole${ending}`)];
    await write(whole, form, [2, 3]);
    const options = { form, columns: columnsOf(form), job };
    const file = await openVectorFile(path, options);
    await file.write(rowsFrom(0, 2), null);
    await file[Symbol.asyncDispose]();
    appendFileSync(join(`${path}.part`, "rows"), "half a pie");
    appendFileSync(join(`${path}.part`, "journal.jsonl"), '{"rows":3,"by');
    const again = await openVectorFile(path, options);
    expect(again.found.rows).toBe(2);
    await again.write(rowsFrom(2, 3), null);
    await again.finish({ truncated: 0 });
    expect(readFileSync(path)).toEqual(readFileSync(whole));
  });
});

test("what is written is read: numbers, ids and texts, by readers of each form", async () => {
  for (const form of forms) await write(join(folder, `a${form.ending}`), form, [4, 3]);
  const { embeddings, ids, texts } = rowsFrom(0, 7);
  const bytes = (ending: string) => readFileSync(join(folder, `a${ending}`));
  expect(readNpy(bytes(".npy")).shape).toEqual([7, 3]);
  expect(toFloat32(readNpy(bytes(".npy")))).toEqual(embeddings);
  expect(toFloat32(readSafetensors(bytes(".safetensors")).tensors.get("embeddings")!)).toEqual(embeddings);
  const lines = bytes(".jsonl").toString().trimEnd().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as { id: unknown; text: string; embedding: number[] });
  expect(Float32Array.from(rows.flatMap(({ embedding }) => embedding))).toEqual(embeddings);
  expect(rows.map(({ id }) => id)).toEqual(ids);
  expect(rows.map(({ text }) => text)).toEqual(texts);
  const file = Uint8Array.from(bytes(".parquet")).buffer;
  const objects = await parquetReadObjects({ file, compressors });
  expect(Float32Array.from(objects.flatMap(({ vector }) => vector as number[]))).toEqual(embeddings);
  expect(objects.map(({ id }) => id as unknown)).toEqual(ids.map((id) => (id === null ? null : String(id))));
  expect(objects.map(({ text }) => text as unknown)).toEqual(texts);
});

test.each(["int8", "uint8", "binary", "ubinary"] as const)("%s keeps a byte a number", async (precision) => {
  const isSigned = precision === "int8" || precision === "binary";
  const embeddings = isSigned ? Int8Array.of(-128, 127, 0, 1) : Uint8Array.of(255, 0, 128, 1);
  for (const form of forms) {
    const columns = { dimension: 2, precision, ids: false, texts: false };
    const file = await openVectorFile(join(folder, `a${form.ending}`), { form, columns, job });
    await file.write({ start: 5, embeddings }, null);
    await file.finish({});
  }
  const array = readNpy(readFileSync(join(folder, "a.npy")));
  expect([array.dtype, [...toFloat32(array)]]).toEqual([isSigned ? "I8" : "U8", [...embeddings]]);
  const [first] = readFileSync(join(folder, "a.jsonl"), "utf8").split("\n");
  expect(first).toBe(`{"embedding":[${embeddings[0]},${embeddings[1]}]}`);
  const objects = await parquetReadObjects({ file: Uint8Array.from(readFileSync(join(folder, "a.parquet"))).buffer });
  expect(objects).toEqual([
    { id: 5n, vector: [...embeddings.subarray(0, 2)] },
    { id: 6n, vector: [...embeddings.subarray(2)] },
  ]);
});

test("killed after the file was put in its place and before its manifest, it is finished once more", async () => {
  const path = join(folder, "a.npy");
  const options = { form: npyForm, columns: columnsOf(npyForm), job };
  const file = await openVectorFile(path, options);
  await file.write(rowsFrom(0, 2), null);
  await file[Symbol.asyncDispose]();
  renameSync(join(`${path}.part`, "rows"), path);
  expect(await finishedVectorFile(path)).toBeUndefined();
  await (await openVectorFile(path, options)).finish({});
  expect((await finishedVectorFile(path))?.rows).toBe(2);
  expect(readdirSync(folder).sort()).toEqual(["a.npy", "a.npy.json"]);
});

test("a file that is there is replaced only where that is asked for, and is there until the new one is whole", async () => {
  const path = join(folder, "a.npy");
  writeFileSync(path, "mine");
  const options = { form: npyForm, columns: columnsOf(npyForm), job, where: "--output" };
  await expect(openVectorFile(path, options)).rejects.toThrow(/^--output: a\.npy is there already\. .*--overwrite\.$/);
  expect(existsSync(`${path}.part`)).toBe(false);
  const file = await openVectorFile(path, { ...options, overwrite: true });
  await file.write(rowsFrom(0, 1), null);
  expect(readFileSync(path, "utf8")).toBe("mine");
  await file[Symbol.asyncDispose]();
  await (await openVectorFile(path, options)).finish({}); // asked for once is enough
  expect(readNpy(readFileSync(path)).shape).toEqual([1, 3]);
});

test("refuses a file that was begun otherwise, by what differs, and one that another works on", async () => {
  const path = join(folder, "a.npy");
  const options = { form: npyForm, columns: columnsOf(npyForm), job };
  const file = await openVectorFile(path, options);
  await file.write(rowsFrom(0, 1), null);
  await expect(openVectorFile(path, options)).rejects.toThrow(/is being written: by process \d+ on .*, since 20/);
  await file[Symbol.asyncDispose]();
  const other = { ...options, job: { model: "m", precision: "int8" } };
  await expect(openVectorFile(path, other)).rejects.toThrow(ConfigError);
  await expect(openVectorFile(path, other)).rejects.toThrow(/begun otherwise: precision was float32 and is int8\. /);
  const anew = await openVectorFile(path, { ...other, overwrite: true });
  expect(anew.found.rows).toBe(0);
  await anew[Symbol.asyncDispose]();
  expect(readdirSync(folder)).toEqual([]); // nothing was written, nothing is left
});

test("refuses an ending that it does not know", async () => {
  await expect(vectorFormOf("a.csv", "--output")).rejects.toThrow(
    "--output: unknown kind of file. Got a.csv, expected .npy, .jsonl, .safetensors or .parquet.",
  );
});
