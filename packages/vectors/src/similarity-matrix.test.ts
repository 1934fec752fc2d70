import { ShapeError } from "@kindred/errors";
import { arbitraryFloat32Array } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type EmbeddingRows,
  pairSimilarities,
  type Similarity,
  similarities,
  similarityMatrix,
  similarityTo,
} from "./index.ts";

const rows = (dimension: number, ...embeddings: number[]): EmbeddingRows => ({
  embeddings: Float32Array.from(embeddings),
  dimension,
});

/** Two sets of rows of one dimension, of any number of rows: none, one, and those beside the blocks of two and four. */
const twoSets = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.nat(9)).chain(([dimension, n, m]) => {
  const set = (count: number) =>
    arbitraryFloat32Array({ minLength: count * dimension, maxLength: count * dimension }).map((embeddings) => ({
      embeddings,
      dimension,
    }));
  return fc.tuple(set(n), set(m));
});

test("gives the four similarities of (3, 4) and (4, 3), and of opposites", () => {
  const [a, b] = [rows(2, 3, 4), rows(2, 4, 3, -3, -4)];
  const of = (similarity: Similarity) => [...similarityMatrix(a, b, { similarity }).scores];
  expect(of("cosine")).toEqual([24 / 25, -1]);
  expect(of("dot")).toEqual([24, -25]);
  expect(of("euclidean")).toEqual([-Math.SQRT2, -10]);
  expect(of("manhattan")).toEqual([-2, -14]);
});

describe.each(similarities)("%s", (similarity) => {
  test("equals the definition, summed element by element", () => {
    fc.assert(
      fc.property(twoSets, ([a, b]) => {
        const { scores, rows, columns } = similarityMatrix(a, b, { similarity });
        expect(scores.length).toBe(rows * columns);
        // The same float64 operations in the same order as the definition has them: no tolerance.
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            expect(scores[i * columns + j]).toBe(byDefinition(row(a, i), row(b, j), similarity));
      }),
    );
  });

  test("of pairs is the matrix's diagonal, to the last bit", () => {
    fc.assert(
      fc.property(twoSets, ([a, b]) => {
        const count = Math.min(a.embeddings.length, b.embeddings.length);
        const [x, y] = [a, b].map(({ embeddings, dimension }) => ({
          embeddings: embeddings.subarray(0, count),
          dimension,
        }));
        const { scores, columns } = similarityMatrix(x!, y!, { similarity });
        expect([...pairSimilarities(x!, y!, { similarity })]).toEqual(
          Array.from({ length: columns }, (_, i) => scores[i * columns + i]),
        );
        const ofRow = similarityTo(x!, { similarity });
        const one = (i: number) => ofRow(i, y!.embeddings.subarray(i * y!.dimension, (i + 1) * y!.dimension));
        expect(Array.from({ length: columns }, (_, i) => one(i))).toEqual([
          ...pairSimilarities(x!, y!, { similarity }),
        ]);
      }),
    );
  });

  test("equal candidates have equal scores, wherever they stand", () => {
    fc.assert(
      fc.property(twoSets, fc.nat(9), ([a, b], copies) => {
        const first = row(b, 0);
        const repeated = {
          embeddings: Float32Array.from(
            Array(copies)
              .fill([...first])
              .flat(),
          ),
          dimension: b.dimension,
        };
        const { scores, rows, columns } = similarityMatrix(a, repeated, { similarity });
        for (let i = 0; i < rows; i++)
          expect(new Set(scores.subarray(i * columns, (i + 1) * columns)).size).toBeLessThan(2);
      }),
    );
  });
});

test("cosine is the same for rows of any length, and 0 for a row of zeros", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 2, maxLength: 2 }),
      fc.constantFrom(2, 0.25, 1024),
      ([x, y], factor) => {
        const longer = similarityMatrix(rows(2, 3, 4), rows(2, x! * factor, y! * factor)).scores;
        // Powers of two change no digit.
        expect(longer).toEqual(similarityMatrix(rows(2, 3, 4), rows(2, x!, y!)).scores);
      },
    ),
  );
  expect([...similarityMatrix(rows(2, 0, 0), rows(2, 0, 0, 1, 1)).scores]).toEqual([0, 0]);
  expect(similarityMatrix(rows(2, NaN, 0), rows(2, 1, 1)).scores[0]).toBeNaN();
});

test("refuses halves of rows, rows of different dimensions, and pairs without a partner", () => {
  expect(() => similarityMatrix(rows(2, 1, 2, 3), rows(2, 1, 2))).toThrow(ShapeError);
  expect(() => similarityMatrix(rows(0), rows(0))).toThrow(ShapeError);
  expect(() => similarityMatrix(rows(2, 1, 2), rows(1, 1, 2))).toThrow(/queries 2, candidates 1/);
  expect(() => pairSimilarities(rows(1, 1, 2), rows(1, 1))).toThrow(/first 2, second 1/);
  expect(() => similarityTo({ embeddings: new Float32Array(3), dimension: 2 })).toThrow(
    /similarityTo: rows is not whole rows/,
  );
});

function row({ embeddings, dimension }: EmbeddingRows, i: number): Float32Array {
  return embeddings.subarray(i * dimension, (i + 1) * dimension);
}

function byDefinition(a: Float32Array, b: Float32Array, similarity: Similarity): number {
  const sum = (term: (x: number, y: number) => number) => a.reduce((total, x, i) => total + term(x, b[i]!), 0);
  if (similarity === "manhattan") return -sum((x, y) => Math.abs(x - y));
  if (similarity === "euclidean") return -Math.sqrt(sum((x, y) => (x - y) ** 2));
  if (similarity === "dot") return sum((x, y) => x * y);
  const norm = (v: Float32Array) => Math.sqrt(v.reduce((total, x) => total + x * x, 0));
  return norm(a) === 0 || norm(b) === 0 ? 0 : sum((x, y) => x * y) / (norm(a) * norm(b));
}
