import fc from "fast-check";
import { expect, test } from "vitest";
import { distinctBatches, oneOf100Accuracy } from "./index.ts";

const rows = (embeddings: ArrayLike<number>, dimension = 2) => ({
  embeddings: Float32Array.from(embeddings),
  dimension,
});

test("100 pairs of distinct directions are all right, the 50 that follow are dropped", () => {
  const directions = rows(Array.from({ length: 150 }, (_, i) => [Math.cos(i / 50), Math.sin(i / 50)]).flat());
  expect(oneOf100Accuracy({ contexts: directions, responses: directions })).toEqual({
    accuracy: 1,
    batches: 1,
    dropped: 50,
  });
});

test("only responses of the same batch compete", () => {
  const contexts = rows([1, 0, 0, 1, 1, 0, 0, 1]);
  const responses = rows([1, 0, 0, 1, 0, 1, 1, 0]);
  expect(oneOf100Accuracy({ contexts, responses }, { batchSize: 2 })).toEqual({
    accuracy: 0.5,
    batches: 2,
    dropped: 0,
  });
});

test("equal responses: all wrong, or the first right as in the reference implementation", () => {
  const all = rows(Array(200).fill(1));
  expect(oneOf100Accuracy({ contexts: all, responses: all }).accuracy).toBe(0);
  expect(oneOf100Accuracy({ contexts: all, responses: all }, { ties: "id" }).accuracy).toBe(0.01);
});

test("no whole batch gives NaN", () => {
  expect(oneOf100Accuracy({ contexts: rows([1, 0]), responses: rows([1, 0]) })).toEqual({
    accuracy: NaN,
    batches: 0,
    dropped: 1,
  });
});

const texts = fc.array(
  fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "constructor"), { minLength: 1, maxLength: 2 }),
  { maxLength: 60 },
);

test("no text stands twice in a batch, no row in two, and every batch is whole", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 4 }), (all, batchSize) => {
      const batches = distinctBatches(all, { batchSize });
      for (const batch of batches) {
        expect(batch).toHaveLength(batchSize);
        const own = batch.flatMap((row) => all[row]!);
        expect(new Set(own).size).toBe(own.length);
      }
      expect(new Set(batches.flat()).size).toBe(batches.flat().length);
    }),
  );
});

test("rows without a text in common are batched in their order, and only a rest is left out", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 9 }), (count, batchSize) => {
      const batches = distinctBatches(
        Array.from({ length: count }, (_, i) => [`c${i}`, `r${i}`]),
        { batchSize },
      );
      expect(batches.flat()).toEqual(Array.from({ length: count - (count % batchSize) }, (_, i) => i));
    }),
  );
});

test("a text that is everywhere fills one place of each batch", () => {
  const all = [["same"], ["same"], ["same"], ["x"], ["y"], ["z"]];
  expect(distinctBatches(all, { batchSize: 2 })).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
});
