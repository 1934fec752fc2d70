import fc from "fast-check";
import { describe } from "vitest";
import { cosineOf, type DrawnLoss, lossLaws, meanOf } from "../../loss/test-support/loss-laws.ts";
import { cosineSimilarity } from "./index.ts";

const drawn = (power: number): DrawnLoss => ({
  loss: cosineSimilarity(),
  reference: ({ columns: [first, second], scores }) =>
    meanOf(first!.map((row, i) => Math.abs(cosineOf(row, second![i]!) - scores[i]![0]!) ** power)),
});

describe("laws", () => {
  lossLaws({
    columns: { min: 2, max: 2 },
    scores: "row",
    losses: fc.constant(drawn(2)),
    mutants: { "absolute instead of squared": () => drawn(1), "a power that is a little more": () => drawn(2.01) },
    tolerance: 4e-6, // twice a difference of up to 2, of a cosine that is off by some 8 · 2⁻²⁴
  });
});
