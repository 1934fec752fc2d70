import { ConfigError, ShapeError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shortenRows } from "./index.ts";

test("(3, 4, 12) loses its last feature and becomes (0.6, 0.8); a row of zeros stays one", () => {
  const rows = { embeddings: Float32Array.of(3, 4, 12, 0, 0, 1), dimension: 3 };
  const shortened = shortenRows(rows, { dimension: 2, normalize: true });
  expect(shortened).toEqual({ embeddings: Float32Array.of(0.6, 0.8, 0, 0), dimension: 2 });
  expect([...rows.embeddings]).toEqual([3, 4, 12, 0, 0, 1]);
});

test("keeps each row's first features, whatever the rows", () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(shape, ([a, count, b]) => {
      const [dimension, width] = [Math.min(a, b), Math.max(a, b)];
      const embeddings = Float32Array.from({ length: width * count }, (_, i) => i);
      const expected = [...embeddings].filter((i) => i % width < dimension);
      expect([...shortenRows({ embeddings, dimension: width }, { dimension }).embeddings]).toEqual(expected);
    }),
  );
});

test("what changes nothing gives back the rows themselves", () => {
  const rows = { embeddings: Float32Array.of(1, 2), dimension: 2 };
  expect(shortenRows(rows).embeddings).toBe(rows.embeddings);
});

test("refuses dimensions that rows do not have, and halves of rows", () => {
  const rows = { embeddings: Float32Array.of(1, 2), dimension: 2 };
  for (const dimension of [0, 3, 1.5, NaN]) expect(() => shortenRows(rows, { dimension })).toThrow(ConfigError);
  expect(() => shortenRows({ ...rows, dimension: 3 })).toThrow(ShapeError);
});
