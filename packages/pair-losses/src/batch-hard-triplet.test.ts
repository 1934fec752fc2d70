import { ConfigError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceOf, type DrawnLoss, lossLaws, meanOf } from "../../loss/test-support/loss-laws.ts";
import { type BatchHardTripletOptions, batchHardTriplet } from "./index.ts";

const drawn = (options: BatchHardTripletOptions, ownCounts = false): DrawnLoss => ({
  loss: batchHardTriplet(options),
  reference: ({ columns: [texts], labels }) => {
    const { distance = "euclidean", margin = 5, edge } = options;
    const far = texts!.map((row) => texts!.map((other) => distanceOf(row, other, distance)));
    const terms = far.map((row, i) => {
      const inClass = row.filter((_, j) => (ownCounts || i !== j) && labels[i] === labels[j]);
      const others = row.filter((_, j) => labels[i] !== labels[j]);
      const nearest = others.length > 0 ? Math.min(...others) : Math.max(...row);
      const excess = Math.max(0, ...inClass) - nearest;
      return edge === "soft" ? Math.log1p(Math.exp(excess)) : Math.max(0, excess + margin);
    });
    return meanOf(terms);
  },
});

const distance = fc.constantFrom("cosine" as const, "euclidean" as const);
const losses = fc.oneof(
  fc.tuple(distance, fc.constantFrom(0.2, 5)).map(([distance, margin]) => drawn({ distance, margin })),
  distance.map((distance) => drawn({ distance, edge: "soft" })),
);

describe("laws", () => {
  lossLaws({
    rows: { min: 2, max: 7 },
    columns: { min: 1, max: 1 },
    hidden: { min: 3, max: 5 }, // of fewer numbers some rows are nearer than a root of products can tell
    labels: 2,
    losses,
    mutants: {
      "a margin of a thousandth more": () => drawn({ margin: 5.005 }),
      "another distance": () => drawn({ distance: "cosine", margin: 5 }),
      "a soft edge": () => drawn({ distance: "euclidean", edge: "soft" }),
    },
    // A squared distance from products of rows of up to 5 · 4.5² is off by 2⁻²⁴ of some 200, and its root, of distances from 0.1 up, by 5 times that.
    tolerance: 1e-4,
  });
});

test("options out of range are refused, and a margin beside a soft edge", () => {
  expect(() => batchHardTriplet({ distance: "manhattan" as "cosine" })).toThrow(ConfigError);
  expect(() => batchHardTriplet({ edge: "soft", margin: 1 })).toThrow("a soft edge has no margin");
});
