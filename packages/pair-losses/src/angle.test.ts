import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DrawnLoss, logSumExpOf, lossLaws, sumOf, unit } from "../../loss/test-support/loss-laws.ts";
import { angle } from "./index.ts";

/** |Re + Im| of the product of x with y's conjugate, both as complex numbers (first half + i · second half), at length 1. */
function similarityOf(x: readonly number[], y: readonly number[], sign = 1): number {
  const half = Math.ceil(x.length / 2);
  const parts = (all: readonly number[], k: number) => [all[k] ?? 0, all[half + k] ?? 0] as const;
  const [a, b] = [unit(x), unit(y)];
  const terms = Array.from({ length: half }, (_, k) => {
    const [[re, im], [otherRe, otherIm]] = [parts(a, k), parts(b, k)];
    return re * otherRe + im * otherIm + sign * (im * otherRe - re * otherIm);
  });
  return Math.abs(sumOf(terms));
}

const drawn = (scale: number, negatives: boolean, sign = 1): DrawnLoss => ({
  loss: angle({ scale, negatives }),
  reference: ({ columns: [first, ...others], scores }) => {
    const pairs = (negatives ? others : others.slice(0, 1)).flatMap((column, c) =>
      column.map((row, i) => ({
        similarity: similarityOf(first![i]!, row, sign),
        score: negatives ? (c === 0 ? 1 : 0) : scores[i]![0]!,
      })),
    );
    return logSumExpOf([
      0,
      ...pairs.flatMap((a) => pairs.flatMap((b) => (a.score < b.score ? [scale * (a.similarity - b.similarity)] : []))),
    ]);
  },
});

const scale = fc.constantFrom(1, 7, 20);
const tolerance = 5e-7 * 40; // a sum of two products of up to 1, times 20

describe("laws of scored pairs", () => {
  lossLaws({
    columns: { min: 2, max: 2 },
    scores: "row",
    losses: scale.map((scale) => drawn(scale, false)),
    mutants: { "the sine is subtracted": () => drawn(7, false, -1), "there is none": () => drawn(7, false, 0) },
    tolerance,
  });
});

describe("laws of rows with negatives", () => {
  lossLaws({
    columns: { min: 3, max: 4 },
    losses: scale.map((scale) => drawn(scale, true)),
    mutants: { "the sine is subtracted": () => drawn(7, true, -1) },
    tolerance,
  });
});

test("what it needs follows from the rows, and options out of range are refused", () => {
  expect(angle().needs).toEqual({ texts: { least: 2, most: 2 }, scores: "row" });
  expect(angle({ negatives: true }).needs).toEqual({ texts: { least: 3 } });
  expect(() => angle({ scale: -1 })).toThrow(ConfigError);
});
