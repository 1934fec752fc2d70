import { ConfigError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { type EmbeddingRows, similarities, similarityMatrix } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { paraphraseMining, type ParaphraseMiningOptions } from "./index.ts";

const rows = fc
  .array(fc.integer({ min: -2, max: 2 }), { maxLength: 40 })
  .map((all) => ({ embeddings: Float32Array.from(all.slice(all.length % 2)), dimension: 2 }));

const options = fc.record({
  topK: fc.integer({ min: 1, max: 20 }),
  maxPairs: fc.integer({ min: 1, max: 50 }),
  queryChunkSize: fc.integer({ min: 1, max: 8 }),
  corpusChunkSize: fc.integer({ min: 1, max: 40 }),
  similarity: fc.constantFrom(...similarities),
});

/** All pairs by a loop; which are near enough to one of the two, then sorted, then cut. */
function byLoop(
  all: EmbeddingRows,
  { topK = 100, maxPairs = 500_000, similarity = "cosine" }: ParaphraseMiningOptions,
) {
  const { scores, rows: count } = similarityMatrix(all, all, { similarity });
  const score = (i: number, j: number) => scores[i * count + j] ?? NaN;
  const numbers = Array.from({ length: count }, (_, i) => i);
  const nearest = numbers.map((i) => {
    const others = numbers.filter((j) => j !== i).sort((a, b) => score(i, b) - score(i, a) || a - b);
    return new Set(others.slice(0, topK));
  });
  return numbers
    .flatMap((first) => numbers.slice(first + 1).map((second) => ({ score: score(first, second), first, second })))
    .filter(({ first, second }) => nearest[first]?.has(second) || nearest[second]?.has(first))
    .sort((a, b) => b.score - a.score || a.first - b.first || a.second - b.second)
    .slice(0, maxPairs);
}

test("three rows: each is nearest to another, and each pair comes once", async () => {
  const three = { embeddings: Float32Array.of(1, 0, 4, 3, 0, 1), dimension: 2 };
  expect(await paraphraseMining(three, { topK: 1 })).toEqual([
    { score: 0.8, first: 0, second: 1 },
    { score: 0.6, first: 1, second: 2 },
  ]);
});

test("is what the plain loop over all pairs gives, whatever the chunks", async () => {
  const law = (mine: typeof paraphraseMining) =>
    fc.assert(
      fc.asyncProperty(rows, options, async (all, each) => {
        expect(await mine(all, each)).toEqual(byLoop(all, each));
      }),
    );
  await law(paraphraseMining);
  await expectMutantToFail(() =>
    law((all, each = {}) => paraphraseMining(all, { ...each, topK: (each.topK ?? 0) + 1 })),
  );
});

test("tells how far it is, and refuses options that do not fit", async () => {
  const all = { embeddings: Float32Array.of(1, 2, 3, 4, 5), dimension: 1 };
  const told: number[] = [];
  await paraphraseMining(all, { queryChunkSize: 2, onProgress: (done, total) => told.push(done / total) });
  expect(told).toEqual([0.4, 0.8, 1]);
  await expect(paraphraseMining(all, { maxPairs: 0 })).rejects.toThrow(ConfigError);
  await expect(paraphraseMining({ embeddings: Float32Array.of(NaN), dimension: 1 })).rejects.toThrow(/in row 0/);
});
