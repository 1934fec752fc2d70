import { ShapeError } from "@kindred/errors";
import { expect, test } from "vitest";
import { similarity } from "./similarity.ts";

const rows = (dimension: number, ...embeddings: number[]) => ({ embeddings: Float32Array.from(embeddings), dimension });

test("each function by hand; the two distances are negated", () => {
  const [a, b] = [rows(2, 3, 4), rows(2, 4, 3, 0, 0)];
  expect([...similarity(a, b, "cosine")]).toEqual([Math.fround(0.96), 0]);
  expect([...similarity(a, b, "dot")]).toEqual([24, 0]);
  expect([...similarity(a, b, "euclidean")]).toEqual([-Math.fround(Math.SQRT2), -5]);
  expect([...similarity(a, b, "manhattan")]).toEqual([-2, -7]);
});

test("refuses vectors of two lengths", () => {
  expect(() => similarity(rows(2, 1, 2), rows(3, 1, 2, 3), "dot")).toThrow(ShapeError);
});
