import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceOf, type DrawnLoss, lossLaws, meanOf } from "../../loss/test-support/loss-laws.ts";
import type { Distance } from "@kindred/loss";
import { pairContrastive } from "./index.ts";

const drawn = (distance: Distance, margin: number, match = 1): DrawnLoss => ({
  loss: pairContrastive({ distance, margin }),
  reference: ({ columns: [first, second], labels }) =>
    meanOf(
      first!.map((row, i) => {
        const far = distanceOf(row, second![i]!, distance);
        return (labels[i] === match ? far ** 2 : Math.max(0, margin - far) ** 2) / 2;
      }),
    ),
});

describe("laws", () => {
  lossLaws({
    columns: { min: 2, max: 2 },
    losses: fc
      .tuple(fc.constantFrom<Distance>("cosine", "euclidean", "manhattan"), fc.constantFrom(0, 0.5, 4))
      .map(([distance, margin]) => drawn(distance, margin)),
    mutants: { "0 is a match": () => drawn("cosine", 0.5, 0), "another margin": () => drawn("cosine", 0.51) },
    tolerance: 1e-5, // of squares of distances of up to 5 · 4: relative to their size
  });
});

test("options out of range are refused", () => {
  expect(() => pairContrastive({ margin: Number.NaN })).toThrow(ConfigError);
  expect(pairContrastive().needs).toEqual({ texts: { least: 2, most: 2 }, labels: "binary" });
});
