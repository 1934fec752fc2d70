import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosineOf, dotOf, type DrawnLoss, lossLaws, type Matrix, meanOf } from "../../loss/test-support/loss-laws.ts";
import { type MarginMseOptions, marginMse } from "./index.ts";

type Targets = NonNullable<MarginMseOptions["targets"]>;

const drawn = (targets: Targets, similarity: "cosine" | "dot", of = targets): DrawnLoss => ({
  loss: marginMse({ targets, similarity }),
  reference: ({ columns, scores, vectors }) => {
    const margins = ([query, positive, ...negatives]: readonly Matrix[]) =>
      query!.map((row, i) => {
        const to = (column: Matrix) => (similarity === "dot" ? dotOf : cosineOf)(row, column[i]!);
        return negatives.map((negative) => to(positive!) - to(negative));
      });
    const wanted = {
      scores: () => scores.map(([right, ...others]) => others.map((other) => right! - other)),
      margins: () => scores,
      teacher: () => margins(vectors["teacher"]!),
    }[of]();
    return meanOf(margins(columns).flatMap((row, i) => row.map((margin, k) => (margin - (wanted[i]![k] ?? 0)) ** 2)));
  },
});

const similarity = fc.constantFrom("cosine" as const, "dot" as const);
// Products of up to 5 · 4.5², their differences' squares: relative to their size.
const shared = { columns: { min: 3, max: 5 }, tolerance: 2e-5 };

describe("laws, by scores", () => {
  lossLaws({
    ...shared,
    scores: "candidate",
    losses: similarity.map((similarity) => drawn("scores", similarity)),
    mutants: { "scores taken for margins": () => drawn("scores", "dot", "margins") },
  });
});

describe("laws, by margins", () => {
  lossLaws({
    ...shared,
    scores: "margin",
    losses: similarity.map((similarity) => drawn("margins", similarity)),
    mutants: { "margins taken for scores": () => drawn("margins", "cosine", "scores") },
  });
});

describe("laws, by a teacher", () => {
  lossLaws({
    ...shared,
    losses: similarity.map((similarity) => drawn("teacher", similarity)),
    mutants: { "products instead of cosines": () => drawn("teacher", "dot") },
  });
});

test("what it needs follows from where the margins are from, and options out of range are refused", () => {
  expect(marginMse().needs).toEqual({ texts: { least: 3 }, scores: "candidate" });
  expect(marginMse({ targets: "margins" }).needs).toEqual({ texts: { least: 3 }, scores: "margin" });
  expect(marginMse({ targets: "teacher" }).needs).toEqual({ texts: { least: 3 }, vectors: ["teacher"] });
  expect(() => marginMse({ targets: "guess" as "scores" })).toThrow(ConfigError);
});
