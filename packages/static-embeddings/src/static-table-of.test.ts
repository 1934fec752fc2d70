import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { sifWeights } from "./sif-weights.ts";
import { staticTableOf } from "./static-table-of.ts";

// Rows on a line through (1, 1) in the direction (3, 4): one component says all of them.
const steps = [-2, 0, 1, 5];
const tokens = { embeddings: Float32Array.from(steps.flatMap((step) => [1 + 3 * step, 1 + 4 * step])), dimension: 2 };

test("rows become their places along the components, less the mean, times their weights", async () => {
  const { table, share } = await staticTableOf(tokens, { dimension: 1, sifCoefficient: 0.01 });
  const weights = sifWeights(4, 0.01);
  expect(table.dimension).toBe(1);
  expect(share).toBeCloseTo(1, 12);
  for (const [i, step] of steps.entries())
    expect(table.embeddings[i]).toBeCloseTo(5 * (step - 1) * (weights[i] ?? 0), 5);
});

test("components and weights can be left out", async () => {
  const asTheyAre = await staticTableOf(tokens, { dimension: undefined, sifCoefficient: undefined });
  expect(asTheyAre).toEqual({ table: tokens, share: 1 });
  const weighted = await staticTableOf(tokens, { dimension: undefined });
  expect(weighted.table.embeddings[7]).toBeCloseTo(21 * (sifWeights(4, 1e-4)[3] ?? 0), 6);
});

test("refuses more features than the vectors have, and as many as there are tokens", async () => {
  await expect(staticTableOf(tokens, {})).rejects.toThrow(ConfigError);
  await expect(
    staticTableOf({ ...tokens, embeddings: tokens.embeddings.slice(0, 4) }, { dimension: 2 }),
  ).rejects.toThrow("fewer than the 2 tokens");
});
