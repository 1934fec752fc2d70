import { type Loss, matryoshka } from "@kindred/loss";
import { contrastive, type Direction } from "../src/index.ts";

/** A case of golden/losses. */
export type GoldenCase = {
  readonly loss: string;
  readonly columns: readonly string[];
  readonly options: { readonly [name: string]: unknown };
  readonly modelNormalizes: boolean;
  readonly value: number;
};

export type GoldenCases = { readonly [name: string]: GoldenCase };

/** Our loss for a case of sentence-transformers, cached or not; undefined where Kindred has no such loss. */
export function goldenLoss({ loss, options }: GoldenCase, cases: GoldenCases): Loss | undefined {
  if (loss === "MultipleNegativesSymmetricRankingLoss") {
    return contrastive({ direction: "symmetric", equalTexts: "keep" });
  }
  if (loss === "MatryoshkaLoss") {
    const base = cases[options["base"] as string];
    const inner = base && goldenLoss(base, cases);
    const weights = (options["matryoshka_weights"] ?? undefined) as number[] | undefined;
    return inner && matryoshka(inner, options["matryoshka_dims"] as number[], weights);
  }
  const isRanking = loss === "MultipleNegativesRankingLoss" || loss === "CachedMultipleNegativesRankingLoss";
  if (!isRanking || options["hardness_mode"] !== undefined) return undefined;
  const directions = (options["directions"] ?? ["query_to_doc"]) as readonly string[];
  return contrastive({
    directions: directions.map((name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) as Direction),
    partition: options["partition_mode"] === "per_direction" ? "perDirection" : "joint",
    scale: (options["scale"] ?? 20) as number,
    similarity: options["similarity_fct"] === "dot_score" ? "dot" : "cosine",
    equalTexts: "keep",
  });
}

/** Whether a case is of a loss that Kindred has: in-batch ranking without hardness, or Matryoshka over it. By what the file says. */
export function isOfOurs({ loss, options }: GoldenCase, cases: GoldenCases): boolean {
  const base = options["base"] === undefined ? undefined : cases[options["base"] as string];
  if (base !== undefined) return isOfOurs(base, cases);
  return /MultipleNegatives(Symmetric)?RankingLoss$/.test(loss) && !("hardness_mode" in options);
}

/**
 * How far float32 is from the golden float64, for a value and for each gradient.
 *
 * Scores, of up to the scale (a dot product of up to 20), are off by some 8 · 2^-24 · 20 = 1e-5, and gradients (scale · probability · a
 * cosine's slope) by as much of their size. Matryoshka adds such losses up, by their weights.
 */
export function goldenTolerance({ name, options }: Loss): number {
  if (name !== "matryoshka") return 5e-7 * Math.max(20, options["scale"] as number);
  const weights = options["weights"] as readonly number[];
  return weights.reduce((sum, weight) => sum + weight, 0) * goldenTolerance(options["loss"] as Loss);
}
