import { ShapeError } from "@kindred/errors";
import { similarities } from "@kindred/vectors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tripletAccuracy } from "./index.ts";

const rows = (embeddings: ArrayLike<number>) => ({ embeddings: Float32Array.from(embeddings), dimension: 2 });
const component = fc.integer({ min: -2, max: 2 });
const triplets = fc.integer({ min: 1, max: 10 }).chain((count) => {
  const set = fc.array(component, { minLength: 2 * count, maxLength: 2 * count }).map(rows);
  return fc.record({ anchors: set, positives: set, negatives: set });
});

test("right, wrong, a tie, and one right by less than the margin", () => {
  const anchors = rows([1, 0, 1, 0, 1, 0, 1, 0]);
  const positives = rows([2, 0, 0, 1, 1, 1, 3, 4]);
  const negatives = rows([0, 1, 1, 0, 2, 2, 1, 2]);
  expect(tripletAccuracy({ anchors, positives, negatives })).toBe(2 / 4);
  expect(tripletAccuracy({ anchors, positives, negatives }, { margin: 0.2 })).toBe(1 / 4);
});

test.each(similarities)(
  "%s: with positives and negatives exchanged, right becomes wrong and a tie stays wrong",
  (similarity) => {
    fc.assert(
      fc.property(triplets, ({ anchors, positives, negatives }) => {
        const right = tripletAccuracy({ anchors, positives, negatives }, { similarity });
        const wrong = tripletAccuracy({ anchors, positives: negatives, negatives: positives }, { similarity });
        expect(right + wrong).toBeLessThanOrEqual(1 + 1e-15);
        expect(tripletAccuracy({ anchors, positives, negatives: positives }, { similarity })).toBe(0);
      }),
    );
  },
);

test("falls, or stays, as the margin grows", () => {
  fc.assert(
    fc.property(triplets, fc.nat(3), fc.nat(3), (t, margin, more) => {
      const of = (m: number) => tripletAccuracy(t, { similarity: "dot", margin: m });
      expect(of(margin + more)).toBeLessThanOrEqual(of(margin));
    }),
  );
});

test("NaN is wrong; no triplets give NaN; sets that do not match are refused", () => {
  expect(tripletAccuracy({ anchors: rows([NaN, 0]), positives: rows([1, 0]), negatives: rows([0, 1]) })).toBe(0);
  expect(tripletAccuracy({ anchors: rows([]), positives: rows([]), negatives: rows([]) })).toBeNaN();
  expect(() => tripletAccuracy({ anchors: rows([1, 0]), positives: rows([1, 0]), negatives: rows([]) })).toThrow(
    ShapeError,
  );
});
