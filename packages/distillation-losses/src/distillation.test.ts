import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineOf, type DrawnLoss, lossLaws, logSumExpOf, meanOf, sumOf } from "../../loss/test-support/loss-laws.ts";
import { distillation } from "./index.ts";

type Choice = { readonly scale: number; readonly scoreWeight: number };

const drawn = ({ scale, scoreWeight }: Choice, counted = scoreWeight): DrawnLoss => ({
  loss: distillation({ scale, scoreWeight }),
  reference: ({ columns: [rows = []], vectors }) => {
    const teacher = vectors["teacher"]?.[0] ?? [];
    const near = meanOf(rows.map((row, i) => 1 - cosineOf(row, teacher[i] ?? [])));
    const scores = (of: readonly (readonly number[])[], i: number) =>
      of.flatMap((other, j) => (i === j ? [] : [scale * cosineOf(of[i] ?? [], other)]));
    const softmax = (values: readonly number[]) => values.map((value) => value - logSumExpOf(values));
    const divergences = rows.map((_, i) => {
      const [p, q] = [softmax(scores(teacher, i)), softmax(scores(rows, i))];
      return sumOf(p.map((log, k) => Math.exp(log) * (log - (q[k] ?? 0))));
    });
    return near + counted * meanOf(divergences);
  },
});

describe("laws", () => {
  lossLaws({
    rows: { min: 2 },
    columns: { min: 1, max: 1 },
    losses: fc
      .record({ scale: fc.constantFrom(1, 5), scoreWeight: fc.constantFrom(0, 0.5, 2) })
      .map((choice) => drawn(choice)),
    mutants: { "scores for nothing": () => drawn({ scale: 5, scoreWeight: 2 }, 0) },
    tolerance: 1e-4, // as score matching by cosines at that scale, doubled
  });
});

test("names its settings, and needs texts and the teacher alone", () => {
  const { options, needs } = distillation({ scale: 10 });
  expect(options).toEqual({ distance: "cosine", scale: 10, teacherScale: 10, scoreWeight: 1 });
  expect(needs).toEqual({ texts: { least: 1 }, vectors: ["teacher"] });
  expect(distillation({ dimension: 8 }).needs?.dimensions).toEqual({ teacher: 8 });
});

test("refuses an option out of range", () => {
  expect(() => distillation({ scoreWeight: -1 })).toThrow(ConfigError);
  expect(() => distillation({ scale: 0 })).toThrow("distillation: scale is out of range");
});
