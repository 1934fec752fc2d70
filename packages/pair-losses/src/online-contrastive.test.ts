import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceOf, type DrawnLoss, lossLaws, meanOf, sumOf } from "../../loss/test-support/loss-laws.ts";
import type { Distance } from "@kindred/loss";
import { onlineContrastive } from "./index.ts";

type Choice = { readonly distance: Distance; readonly margin: number; readonly reduction: "sum" | "mean" };

const drawn = (
  { distance, margin, reduction }: Choice,
  isHard = (far: number, bound: number) => far > bound,
): DrawnLoss => ({
  loss: onlineContrastive({ distance, margin, reduction }),
  reference: ({ columns: [first, second], labels }) => {
    const far = first!.map((row, i) => distanceOf(row, second![i]!, distance));
    const [matches, others] = [1, 0].map((label) => far.filter((_, i) => labels[i] === label));
    const least = others!.length > 0 ? Math.min(...others!) : meanOf(matches!);
    const most = matches!.length > 0 ? Math.max(...matches!) : meanOf(others!);
    const total =
      sumOf(matches!.filter((x) => isHard(x, least)).map((x) => x ** 2)) +
      sumOf(others!.filter((x) => isHard(-x, -most)).map((x) => Math.max(0, margin - x) ** 2));
    return reduction === "mean" ? total / far.length : total;
  },
});

const choices: fc.Arbitrary<Choice> = fc.record({
  distance: fc.constantFrom<Distance>("cosine", "euclidean", "manhattan"),
  margin: fc.constantFrom(0.5, 4),
  reduction: fc.constantFrom("sum", "mean"),
});
const choice: Choice = { distance: "cosine", margin: 0.5, reduction: "sum" };

describe("laws", () => {
  lossLaws({
    // Of a single pair, and of equal cosines, hardness depends on how a mean of equal numbers is rounded.
    rows: { min: 2 },
    columns: { min: 2, max: 2 },
    hidden: { min: 2, max: 5 },
    losses: choices.map((choice) => drawn(choice)),
    mutants: {
      "all pairs count": () => drawn(choice, () => true),
      "the mean is meant": () => drawn({ ...choice, reduction: "mean" }),
    },
    tolerance: 1e-5, // of squares of distances of up to 5 · 4: relative to their size
  });
});

test("options out of range are refused", () => {
  expect(() => onlineContrastive({ reduction: "max" as "sum" })).toThrow(ConfigError);
});
