import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { similarityMatrix } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type RetrievalTask, rankingMetrics, retrievalMetrics } from "./index.ts";

// Components of 0, ±1 and ±2: many equal cosines and equal documents.
const component = fc.integer({ min: -2, max: 2 });
const task: fc.Arbitrary<RetrievalTask & { corpusIds: string[] }> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 }))
  .chain(([queryCount, documentCount]) => {
    const rows = (count: number) =>
      fc
        .array(component, { minLength: 2 * count, maxLength: 2 * count })
        .map((all) => ({ embeddings: Float32Array.from(all), dimension: 2 }));
    const corpusIds = Array.from({ length: documentCount }, (_, i) => `d${i}`);
    const wanted = fc.uniqueArray(fc.constantFrom(...corpusIds, "missing"), { maxLength: 6 });
    return fc.record({
      queries: rows(queryCount),
      corpus: rows(documentCount),
      relevant: fc.array(wanted, { minLength: queryCount, maxLength: queryCount }),
      corpusIds: fc.constant(corpusIds),
    });
  });
const cuts = { accuracyAt: [1, 5], precisionRecallAt: [1, 3, 30], mrrAt: [2, 10], ndcgAt: [1, 4], mapAt: [3, 100] };

test("one query, relevant at ranks 2 and 5 of 6, a third one never found", () => {
  const metrics = rankingMetrics([["a", "B", "c", "d", "E", "f"]], [["B", "E", "Z"]], {
    precisionRecallAt: [1, 5],
    ndcgAt: [5],
    mapAt: [5],
  });
  expect(metrics["accuracy@1"]).toBe(0);
  expect(metrics["accuracy@3"]).toBe(1);
  expect(metrics["precision@5"]).toBe(2 / 5);
  expect(metrics["recall@5"]).toBe(2 / 3);
  expect(metrics["mrr@10"]).toBe(1 / 2);
  expect(metrics["map@5"]).toBeCloseTo((1 / 2 + 2 / 5) / 3, 15);
  const gain = (rank: number) => 1 / Math.log2(rank + 1);
  expect(metrics["ndcg@5"]).toBeCloseTo((gain(2) + gain(5)) / (gain(1) + gain(2) + gain(3)), 15);
});

const equalsSortingAll = (measure: typeof retrievalMetrics) =>
  fc.assert(
    fc.property(task, (t) => {
      const { scores, columns } = similarityMatrix(t.queries, t.corpus);
      const rankings = t.relevant.map((_, i) => {
        const row = scores.subarray(i * columns, (i + 1) * columns);
        return [...row.keys()]
          .sort((a, b) => row[b]! - row[a]! || (t.corpusIds[a]! < t.corpusIds[b]! ? -1 : 1))
          .map((j) => t.corpusIds[j]!);
      });
      expect(measure(t, cuts)).toEqual(rankingMetrics(rankings, t.relevant, cuts));
    }),
  );

test("is what sorting all documents by score, then by name as text, gives", () => {
  equalsSortingAll(retrievalMetrics);
  // The names forgotten, ties go by place: d10 after d9.
  expectMutantToFail(() =>
    equalsSortingAll((t, options) => {
      const places = new Map(t.corpusIds!.map((id, i) => [id, String.fromCharCode(65 + i)]));
      const relevant = t.relevant.map((ids) => [...ids].map((id) => places.get(id) ?? id));
      return retrievalMetrics({ ...t, relevant, corpusIds: [...places.values()] }, options);
    }),
  );
});

test("is unchanged by permuting the corpus together with its names", () => {
  fc.assert(
    fc.property(task, (t) => {
      const reversed = Float32Array.from(
        [...t.corpusIds.keys()].reverse().flatMap((i) => [...t.corpus.embeddings.subarray(2 * i, 2 * i + 2)]),
      );
      const turned = { ...t, corpus: { embeddings: reversed, dimension: 2 }, corpusIds: [...t.corpusIds].reverse() };
      expect(retrievalMetrics(turned, cuts)).toEqual(retrievalMetrics(t, cuts));
    }),
  );
});

test("lies in [0, 1]; accuracy, recall and MRR rise with k; a perfect ranking has them all 1", () => {
  fc.assert(
    fc.property(task, (t) => {
      const metrics = Object.entries(
        retrievalMetrics(t, { accuracyAt: [1, 2], precisionRecallAt: [1, 2], mrrAt: [1, 2] }),
      );
      if (t.relevant.every((ids) => [...ids].length === 0)) {
        expect(metrics.every(([, value]) => Number.isNaN(value))).toBe(true);
        return;
      }
      for (const [, value] of metrics) expect(value).toBeGreaterThanOrEqual(0);
      for (const [, value] of metrics) expect(value).toBeLessThanOrEqual(1);
      const at = Object.fromEntries(metrics);
      for (const name of ["accuracy", "recall", "mrr"])
        expect(at[`${name}@2`]).toBeGreaterThanOrEqual(at[`${name}@1`]!);
      const perfect = t.relevant.map((ids) => [...ids]);
      const best = rankingMetrics(perfect, t.relevant, {
        accuracyAt: [1],
        precisionRecallAt: [6],
        mrrAt: [1],
        ndcgAt: [3],
        mapAt: [3],
      });
      expect([best["accuracy@1"], best["recall@6"], best["mrr@1"], best["ndcg@3"], best["map@3"]]).toEqual([
        1, 1, 1, 1, 1,
      ]);
    }),
  );
});

test("finds documents beyond the first block of the corpus, and queries beyond the first of theirs", () => {
  const angle = (i: number) => [Math.cos(i / 9000), Math.sin(i / 9000)];
  const rows = (numbers: number[]) => ({ embeddings: Float32Array.from(numbers.flatMap(angle)), dimension: 2 });
  const wanted = Array.from({ length: 130 }, (_, i) => i * 65);
  const metrics = retrievalMetrics({
    queries: rows(wanted),
    corpus: rows(Array.from({ length: 8500 }, (_, i) => i)),
    relevant: wanted.map((i) => [String(i)]),
  });
  expect(metrics["accuracy@1"]).toBe(1);
  expect(metrics["precision@10"]).toBeCloseTo(0.1, 15);
});

test("queries without relevant documents are left out", () => {
  const metrics = rankingMetrics([["a"], ["a"], ["a"]], [["a"], [], new Set(["b"])]);
  expect(metrics["accuracy@1"]).toBe(0.5);
  expect(rankingMetrics([], [])["mrr@10"]).toBeNaN();
});

test("a document whose score is NaN comes last", () => {
  const corpus = { embeddings: Float32Array.of(NaN, NaN, -1, 0), dimension: 2 };
  const queries = { embeddings: Float32Array.of(1, 0), dimension: 2 };
  expect(retrievalMetrics({ queries, corpus, relevant: [["0"]] })["mrr@10"]).toBe(0.5);
});

test("refuses names that do not match the rows", () => {
  const rows = { embeddings: Float32Array.of(1, 2), dimension: 1 };
  const task = { queries: rows, corpus: rows, relevant: [["0"], ["1"]] };
  expect(() => retrievalMetrics({ ...task, relevant: [["0"]] })).toThrow(ShapeError);
  expect(() => retrievalMetrics({ ...task, corpusIds: ["a"] })).toThrow(ShapeError);
  expect(() => retrievalMetrics({ ...task, corpusIds: ["a", "a"] })).toThrow(ShapeError);
  expect(() => rankingMetrics([["a"]], [])).toThrow(ShapeError);
});
