import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineOf, dotOf, type DrawnLoss, logSumExpOf, lossLaws } from "../../loss/test-support/loss-laws.ts";
import { cosent } from "./index.ts";

const drawn = (scale: number, similarity: "cosine" | "dot", isBelow = (a: number, b: number) => a < b): DrawnLoss => ({
  loss: cosent({ scale, similarity }),
  reference: ({ columns: [first, second], scores }) => {
    const similarities = first!.map((row, i) => (similarity === "dot" ? dotOf : cosineOf)(row, second![i]!));
    const excess = similarities.flatMap((a, i) =>
      similarities.flatMap((b, j) => (isBelow(scores[i]![0]!, scores[j]![0]!) ? [scale * (a - b)] : [])),
    );
    return logSumExpOf([0, ...excess]);
  },
});

describe("laws", () => {
  const scale = fc.constantFrom(1, 7, 20);
  lossLaws({
    columns: { min: 2, max: 2 },
    scores: "row",
    losses: fc.oneof(
      scale.map((scale) => drawn(scale, "cosine")),
      fc.constant(drawn(1, "dot")),
    ),
    mutants: {
      "pairs of equal score are compared": () => drawn(7, "cosine", (a, b) => a <= b),
      "the order is the other way": () => drawn(7, "cosine", (a, b) => a > b),
    },
    // A similarity of up to 20, off by some 8 · 2⁻²⁴ of that, or a dot product of up to 5 · 4.5².
    tolerance: 5e-7 * 100,
  });
});

test("only the order of scores matters, and equal scores cost nothing", () => {
  const { reference } = drawn(20, "cosine");
  const batch = {
    labels: [],
    textIds: [],
    vectors: {},
    columns: [
      [
        [1, 0],
        [1, 1],
      ],
      [
        [1, 2],
        [0, 1],
      ],
    ],
  };
  const of = (...scores: number[]) => reference({ ...batch, scores: scores.map((score) => [score]) });
  expect(of(0.1, 0.2)).toBe(of(-7, 100));
  expect(of(3, 3)).toBe(0);
});

test("options out of range are refused", () => {
  expect(() => cosent({ scale: 0 })).toThrow(ConfigError);
  expect(() => cosent({ scale: 0 })).toThrow("cosent: scale is out of range");
  expect(() => cosent({ similarity: "euclid" as "dot" })).toThrow('expected similarity ("cosine" | "dot")');
});
