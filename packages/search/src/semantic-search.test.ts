import { ConfigError, ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { type EmbeddingRows, nearestRows, similarities } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { semanticSearch } from "./index.ts";

/** Rows of 0, ±1, ±2: many equal ones, many ties. */
const small = (dimension: number) =>
  fc
    .array(fc.integer({ min: -2, max: 2 }), { maxLength: 30 * dimension })
    .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % dimension)), dimension }));

/** Rows of any finite float32, also of such whose products overflow it or vanish in it. */
const any = (dimension: number) =>
  fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 12 * dimension })
    .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % dimension)), dimension }));

const sets = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom(small, any))
  .chain(([dimension, rows]) => fc.tuple(rows(dimension), rows(dimension)));

const options = fc.record({
  topK: fc.integer({ min: 1, max: 20 }),
  queryChunkSize: fc.integer({ min: 1, max: 8 }),
  corpusChunkSize: fc.integer({ min: 1, max: 40 }),
  similarity: fc.constantFrom(...similarities),
});

test("the two rows nearest to (1, 0), the lower number first of equal ones", async () => {
  const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
  const corpus = { embeddings: Float32Array.of(0, 1, 5, 0, 3, 4, 2, 0), dimension: 2 };
  expect(await semanticSearch(queries, corpus, { topK: 2 })).toEqual([
    [
      { row: 1, score: 1 },
      { row: 3, score: 1 },
    ],
  ]);
  const [nearest] = await semanticSearch(queries, corpus, { topK: 1, similarity: "euclidean" });
  expect(nearest).toEqual([{ row: 3, score: -1 }]);
});

test("is what the plain loop over all pairs gives, to the last bit, whatever the chunks", async () => {
  const law = (search: typeof semanticSearch) =>
    fc.assert(
      fc.asyncProperty(sets, options, async ([queries, corpus], each) => {
        const { topK, similarity } = each;
        expect(await search(queries, corpus, each)).toEqual(nearestRows(queries, corpus, { count: topK, similarity }));
      }),
    );
  await law(semanticSearch);
  // Of equal rows the last:
  await expectMutantToFail(() =>
    law(async (queries, corpus, each) => {
      const { embeddings, dimension } = corpus as EmbeddingRows; // as the law gives it
      const count = embeddings.length / dimension;
      const turned = new Float32Array(embeddings.length);
      for (let row = 0; row < count; row++)
        turned.set(embeddings.subarray(row * dimension, (row + 1) * dimension), (count - 1 - row) * dimension);
      const found = await semanticSearch(queries, { embeddings: turned, dimension }, each);
      return found.map((all) => all.map(({ row, score }) => ({ row: count - 1 - row, score })));
    }),
  );
});

test("rows as models give them: 384 numbers each, close to one another", async () => {
  const rows = (count: number, seed: number) => {
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    };
    return {
      embeddings: Float32Array.from({ length: count * 384 }, (_, i) => 0.3 + next() / (1 + (i % 7))),
      dimension: 384,
    };
  };
  const [queries, corpus] = [rows(5, 1), rows(3000, 2)];
  for (const similarity of similarities) {
    const expected = nearestRows(queries, corpus, { count: 7, similarity });
    expect(await semanticSearch(queries, corpus, { topK: 7, similarity })).toEqual(expected);
  }
});

test("in pieces, of any sizes, it finds what it finds in the whole", async () => {
  const law = (inPieces: typeof semanticSearch) =>
    fc.assert(
      fc.asyncProperty(sets, fc.array(fc.nat(15), { maxLength: 5 }), options, async ([queries, corpus], cuts, each) => {
        const { embeddings, dimension } = corpus;
        const ends = [0, ...cuts.sort((a, b) => a - b), embeddings.length / dimension];
        const pieces = ends.slice(1).map((end, i) => {
          const from = ends[i] ?? 0;
          return { embeddings: embeddings.subarray(from * dimension, end * dimension), dimension };
        });
        expect(await inPieces(queries, pieces, each)).toEqual(await semanticSearch(queries, corpus, each));
      }),
    );
  await law(semanticSearch);
  await expectMutantToFail(() =>
    law((queries, pieces, each) => semanticSearch(queries, [...(pieces as EmbeddingRows[])].reverse(), each)),
  );
});

test("a row that is not all numbers is refused, wherever it lies", async () => {
  const whole = { embeddings: new Float32Array(3 * 7).fill(1), dimension: 3 };
  await fc.assert(
    fc.asyncProperty(
      fc.nat(20),
      fc.constantFrom(NaN, Infinity, -Infinity),
      fc.constantFrom(...similarities),
      async (at, value, similarity) => {
        const embeddings = whole.embeddings.slice();
        embeddings[at] = value;
        const broken = { embeddings, dimension: 3 };
        const found = semanticSearch(whole, [whole, broken], { topK: 1, similarity });
        await expect(found).rejects.toThrow(
          `semanticSearch: corpus are not all numbers. Got ${value} in row ${7 + Math.floor(at / 3)}`,
        );
        await expect(semanticSearch(broken, whole, { similarity })).rejects.toThrow(ShapeError);
      },
    ),
  );
});

test("refuses halves of rows, rows of different dimensions and options that do not fit", async () => {
  const of = (dimension: number) => ({ embeddings: new Float32Array(4), dimension });
  await expect(semanticSearch(of(3), of(2))).rejects.toThrow(ShapeError);
  await expect(semanticSearch(of(1), of(2))).rejects.toThrow(/semanticSearch: rows of different dimensions/);
  await expect(semanticSearch(of(2), of(2), { topK: 0 })).rejects.toThrow(ConfigError);
  await expect(semanticSearch(of(2), of(2), { queryChunkSize: 1.5 })).rejects.toThrow(/queryChunkSize does not fit/);
});

test("stops between chunks when it is asked to", async () => {
  const rows = { embeddings: new Float32Array(100), dimension: 1 };
  const stop = new AbortController();
  const found = semanticSearch(rows, rows, { corpusChunkSize: 1, signal: stop.signal });
  setImmediate(() => stop.abort(new Error("enough")));
  await expect(found).rejects.toThrow("enough");
});
