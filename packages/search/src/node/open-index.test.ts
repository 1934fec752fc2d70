import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError, ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { readNpy, toFloat32 } from "@kindred/tensor-files";
import { nearestRows } from "@kindred/vectors";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { indexPrecisions, openIndex, openIndexWriter, type VectorIndex, writeIndex } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "kindred-index-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `index-${folders++}`);

const sets = fc.integer({ min: 1, max: 20 }).chain((dimension) => {
  const rows = (least: number, most: number) =>
    fc
      .array(fc.integer({ min: -2, max: 2 }), { minLength: least * dimension, maxLength: most * dimension })
      .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % dimension)), dimension }));
  return fc.tuple(rows(0, 4), rows(1, 40));
});

const settings = fc.record({
  precision: fc.constantFrom(...indexPrecisions),
  similarity: fc.constantFrom("cosine" as const, "dot" as const),
  pieceRows: fc.integer({ min: 1, max: 12 }),
  memoryRows: fc.integer({ min: 0, max: 40 }),
  batchRows: fc.integer({ min: 1, max: 15 }),
  topK: fc.integer({ min: 1, max: 12 }),
});

test("an index finds what the plain loop finds: of any pieces, in memory or not, of any precision where every row is compared again", async () => {
  const law = (search: VectorIndex["search"] | undefined) =>
    fc.assert(
      fc.asyncProperty(sets, settings, async ([queries, all], { precision, similarity, topK, ...sizes }) => {
        const { embeddings, dimension } = all;
        const count = embeddings.length / dimension;
        const folder = newFolder();
        const batches = Array.from({ length: Math.ceil(count / sizes.batchRows) }, (_, i) => {
          const from = i * sizes.batchRows;
          const own = embeddings.subarray(from * dimension, (from + sizes.batchRows) * dimension);
          const texts = Array.from({ length: own.length / dimension }, (_, row) => `text ${from + row}\n“\ud83e”`);
          return { embeddings: own, dimension, texts };
        });
        const pieceBytes = 4 * dimension * sizes.pieceRows;
        await writeIndex(folder, batches, { precision, similarity, pieceBytes });
        await using index = await openIndex(folder, { memoryBytes: 4 * dimension * sizes.memoryRows, checksums: true });
        const options = { topK, ...(precision === "float32" ? {} : { rescore: count }) };
        const found = await (search ?? index.search.bind(index))(queries, options);
        const expected = nearestRows(queries, all, { count: topK, similarity }).map((hits) =>
          hits.map((hit) => ({ ...hit, text: `text ${hit.row}\n“\ud83e”` })),
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  await law(undefined);
  await expectMutantToFail(() => law(async () => []));
});

test("eight bits keep the order of what lies apart by more than a step; of bits, that of the distance", async () => {
  const [dimension, count] = [64, 300];
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  const all = { embeddings: Float32Array.from({ length: dimension * count }, next), dimension };
  const queries = { embeddings: Float32Array.from({ length: dimension * 20 }, next), dimension };
  const best = nearestRows(queries, all, { count: 1 });
  // The best of 300 such rows is some hundredths ahead of the next; a step of 8 bits is 0.002 of a row's length, and 64 bits say its angle to 0.06.
  for (const [precision, least] of [
    ["int8", 20],
    ["binary", 10],
    ["ubinary", 10],
  ] as const) {
    const folder = newFolder();
    await writeIndex(folder, [all], { precision });
    await using index = await openIndex(folder);
    const found = await index.search(queries, { topK: 1, rescore: precision === "int8" ? 4 : 40 });
    const right = found.filter(([hit], i) => hit?.row === best[i]?.[0]?.row).length;
    expect(right).toBeGreaterThanOrEqual(least);
  }
});

test("on threads it finds what it finds without, and ends when it is closed", async () => {
  const folder = newFolder();
  const rows = { embeddings: Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i * i)), dimension: 4 };
  await writeIndex(folder, [rows], { pieceBytes: 3000 });
  const queries = { embeddings: rows.embeddings.subarray(0, 20), dimension: 4 };
  await using index = await openIndex(folder, { cores: 2, memoryBytes: 8000 });
  const found = await index.search(queries, { topK: 30 });
  expect(found).toEqual(nearestRows(queries, rows, { count: 30 }));
});

test("two searches at a time find what each finds alone", async () => {
  const folder = newFolder();
  const rows = { embeddings: Float32Array.from({ length: 400 }, (_, i) => Math.sin(i)), dimension: 4 };
  await writeIndex(folder, [rows], { pieceBytes: 160 });
  await using index = await openIndex(folder, { memoryBytes: 800 });
  const queries = [0, 1, 2].map((i) => ({ embeddings: Float32Array.of(i, 1, -1, 0.5), dimension: 4 }));
  const alone = queries.map((query) => nearestRows(query, rows, { count: 3 }));
  expect(await Promise.all(queries.map((query) => index.search(query, { topK: 3 })))).toEqual(alone);
});

test("the folder is .npy files, JSON lines and a manifest, and rows() gives all back", async () => {
  const folder = newFolder();
  const batch = {
    embeddings: Float32Array.of(3, 4, 0, 2, 1, 1),
    dimension: 2,
    ids: ["a", "b", "c"],
    texts: ["x", "", "z"],
  };
  const model = { name: "owner/name", revision: "0123" };
  const manifest = await writeIndex(folder, [batch], { precision: "ubinary", model, pieceBytes: 16 });
  expect(readdirSync(folder).sort()).toEqual(
    ["codes", "starts", "texts", "vectors"]
      .flatMap((kind) => [0, 1].map((i) => `${kind}-0000${i}.${kind === "texts" ? "jsonl" : "npy"}`))
      .concat("index.json")
      .sort(),
  );
  expect(toFloat32(readNpy(readFileSync(join(folder, "vectors-00000.npy"))))).toEqual(Float32Array.of(3, 4, 0, 2));
  expect(readFileSync(join(folder, "texts-00001.jsonl"), "utf8")).toBe('{"id":"c","text":"z"}\n');
  await using index = await openIndex(folder);
  expect(index.manifest).toEqual(manifest);
  expect(index.manifest.model).toEqual(model);
  const pieces = [];
  for await (const piece of index.rows()) pieces.push(piece);
  expect(pieces).toEqual([
    { embeddings: Float32Array.of(3, 4, 0, 2), dimension: 2, first: 0, ids: ["a", "b"], texts: ["x", ""] },
    { embeddings: Float32Array.of(1, 1), dimension: 2, first: 2, ids: ["c"], texts: ["z"] },
  ]);
});

test("a writer that fails leaves nothing that opens, and what was there stays", async () => {
  const folder = newFolder();
  const good = { embeddings: Float32Array.of(1, 2), dimension: 2 };
  const failing = async function* () {
    yield good;
    throw new Error("cut off");
  };
  await expect(writeIndex(folder, failing())).rejects.toThrow("cut off");
  await expect(openIndex(folder)).rejects.toThrow(ConfigError);
  await writeIndex(folder, [good]);
  await expect(writeIndex(folder, failing(), { replace: true })).rejects.toThrow("cut off");
  await using index = await openIndex(folder);
  expect(index.manifest.rows).toBe(1);
  await expect(writeIndex(folder, [good])).rejects.toThrow(/the folder is there already/);
});

test("what does not fit is refused, by name", async () => {
  const rows = { embeddings: Float32Array.of(1, 2), dimension: 2 };
  const write = (batches: Parameters<typeof writeIndex>[1], options: Parameters<typeof writeIndex>[2] = {}) =>
    writeIndex(newFolder(), batches, options);
  await expect(write([])).rejects.toThrow(/writeIndex: no rows/);
  await expect(write([rows], { precision: "uint8" as "int8" })).rejects.toThrow(/precision does not fit/);
  await expect(write([rows], { precision: "int8", similarity: "manhattan" })).rejects.toThrow(
    /float32 where the similarity is manhattan/,
  );
  await expect(write([rows], { pieceBytes: 0 })).rejects.toThrow(/pieceBytes does not fit/);
  await expect(write([rows, { ...rows, dimension: 1 }])).rejects.toThrow(/different dimensions/);
  await expect(write([rows, { ...rows, texts: ["a"] }])).rejects.toThrow(/some batches have ids or texts/);
  await expect(write([{ ...rows, ids: [] }])).rejects.toThrow(/not one of ids for each row/);
  await expect(write([rows, { embeddings: Float32Array.of(1, NaN), dimension: 2 }])).rejects.toThrow(/NaN in row 1/);

  const folder = newFolder();
  await writeIndex(folder, [rows]);
  await using index = await openIndex(folder);
  await expect(index.search({ embeddings: Float32Array.of(1), dimension: 1 })).rejects.toThrow(ShapeError);
  await expect(index.search({ embeddings: Float32Array.of(1, Infinity), dimension: 2 })).rejects.toThrow(
    /not all numbers/,
  );
  await expect(index.search(rows, { topK: 0 })).rejects.toThrow(/topK does not fit/);
  await expect(index.search(rows, { rescore: 2 })).rejects.toThrow(/rescore does not fit/);
  await expect(index.search(rows)).resolves.toEqual([[{ row: 0, score: expect.closeTo(1, 12) }]]);
});

test("a damaged folder is refused by the file", async () => {
  const folder = newFolder();
  await writeIndex(folder, [{ embeddings: Float32Array.of(1, 2), dimension: 2 }]);
  const vectors = join(folder, "vectors-00000.npy");
  const whole = readFileSync(vectors);
  writeFileSync(
    vectors,
    whole.map((byte, i) => (i === whole.length - 1 ? byte ^ 1 : byte)),
  );
  await (await openIndex(folder)).close();
  await expect(openIndex(folder, { checksums: true })).rejects.toThrow(/its bytes are not those that were written/);
  truncateSync(vectors, whole.length - 1);
  await expect(openIndex(folder)).rejects.toThrow(/not as long as index.json says/);
  rmSync(vectors);
  await expect(openIndex(folder)).rejects.toThrow(FormatError);
  const manifest = join(folder, "index.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace("vectors-00000.npy", "../elsewhere"));
  await expect(openIndex(folder)).rejects.toThrow(/pieces\[0\]\.vectors\.name is not supported/);
  writeFileSync(manifest, '{"format":"kindred-index","version":2}');
  await expect(openIndex(folder)).rejects.toThrow(/version is not supported. Got 2, expected 1/);
});

test("a writer that is cut off anywhere is gone on with: the same files as without a stop", async () => {
  const rows = { embeddings: Float32Array.from({ length: 60 }, (_, i) => Math.cos(i * i)), dimension: 3 };
  const batch = (from: number, to: number) => ({
    embeddings: rows.embeddings.subarray(3 * from, 3 * to),
    dimension: 3,
    ids: Array.from({ length: to - from }, (_, i) => from + i),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 3 }),
      fc.constantFrom(...indexPrecisions),
      async (pieceRows, batchRows, stops, precision) => {
        const [whole, folder] = [newFolder(), newFolder()];
        const options = { precision, pieceBytes: 12 * pieceRows };
        const batches = Array.from({ length: Math.ceil(20 / batchRows) }, (_, i) =>
          batch(i * batchRows, Math.min(20, (i + 1) * batchRows)),
        );
        await writeIndex(whole, batches, options);
        for (const stop of [...stops, 20]) {
          await using writer = await openIndexWriter(folder, { ...options, job: { of: "rows" } });
          const { next = 0 } = (writer.found.mark ?? {}) as { next?: number };
          expect(writer.found.rows).toBe(Math.min(20, next * batchRows));
          for (const [i, each] of batches.entries())
            if (i >= next && i < stop) await writer.write(each, { next: i + 1 });
          if (stop === 20) await writer.finish();
          else await expect(openIndex(folder)).rejects.toThrow(ConfigError);
        }
        const names = readdirSync(whole).sort();
        expect(readdirSync(folder).sort()).toEqual(names);
        for (const name of names)
          expect(readFileSync(join(folder, name)).equals(readFileSync(join(whole, name)))).toBe(true);
        expect(readdirSync(root).filter((name) => name.endsWith(".part"))).toEqual([]);
      },
    ),
    { numRuns: 12 },
  );
});

test("what another job has left, what another writer works on and what is there is refused", async () => {
  const folder = newFolder();
  const rows = { embeddings: Float32Array.of(1, 2, 3, 4), dimension: 2 };
  {
    await using first = await openIndexWriter(folder, { job: { model: "a" }, pieceBytes: 8 });
    await first.write(rows, 1);
    await first.write(rows, 2);
    await expect(openIndexWriter(folder, { job: { model: "a" } })).rejects.toThrow(`process ${process.pid} writes`);
  }
  await expect(openIndexWriter(folder, { job: { model: "b" }, precision: "int8" })).rejects.toThrow(
    'was begun otherwise: model "a" → "b", precision "float32" → "int8"',
  );
  await using again = await openIndexWriter(folder, { job: { model: "b" }, anew: true });
  expect(again.found).toEqual({ rows: 0, mark: undefined });
  await again.write(rows, 1);
  await again.finish();
  await expect(openIndexWriter(folder, { job: { model: "b" } })).rejects.toThrow(/there is something already/);
});
