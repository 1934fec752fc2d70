import { ConfigError } from "@kindred/errors";
import { lossShare } from "@kindred/loss";
import { valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceOf, type DrawnLoss, lossLaws, meanOf } from "../../loss/test-support/loss-laws.ts";
import type { Distance } from "@kindred/loss";
import { triplet } from "./index.ts";

const drawn = (distance: Distance, margin: number, shifted = margin): DrawnLoss => ({
  loss: triplet({ distance, margin }),
  reference: ({ columns: [anchor, positive, negative] }) =>
    meanOf(
      anchor!.map((row, i) =>
        Math.max(0, distanceOf(row, positive![i]!, distance) - distanceOf(row, negative![i]!, distance) + shifted),
      ),
    ),
});

describe("laws", () => {
  lossLaws({
    columns: { min: 3, max: 3 },
    losses: fc
      .tuple(fc.constantFrom<Distance>("cosine", "euclidean", "manhattan"), fc.constantFrom(0, 0.5, 5))
      .map(([distance, margin]) => drawn(distance, margin)),
    mutants: {
      "another distance": () => drawn("manhattan", 5),
      "a margin of a thousandth more": () => drawn("euclidean", 5, 5.001),
    },
    tolerance: 2e-5, // of distances of up to 5 · 4, each off by some 8 · 2⁻²⁴ of that
  });
});

test.each(["euclidean", "manhattan"] as const)("equal texts have a %s distance of 0 and no gradient", (distance) => {
  const rows = [tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 2]])];
  const named = Object.fromEntries(rows.map((row, i) => [`${i}`, row]));
  const { value, gradients } = valueAndGradients(() => lossShare(triplet({ distance, margin: 1 }), rows), named);
  expect(value.dataSync()[0]).toBe(1);
  for (const name of Object.keys(named)) expect([...gradients[name]!.dataSync()].map(Math.abs)).toEqual([0, 0]);
});

test("options out of range are refused", () => {
  expect(() => triplet({ margin: -1 })).toThrow(ConfigError);
  expect(() => triplet({ distance: "far" as "cosine" })).toThrow("triplet: distance is out of range");
});
