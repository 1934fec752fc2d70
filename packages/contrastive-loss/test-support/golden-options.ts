import type { ContrastiveLossOptions, Direction } from "../src/index.ts";

/** Our options for those of sentence-transformers' MultipleNegativesRankingLoss; undefined where Kindred has no such loss. */
export function goldenOptions(options: { readonly [name: string]: unknown }): ContrastiveLossOptions | undefined {
  if (options["hardness_mode"] !== undefined) return undefined;
  const directions = (options["directions"] ?? ["query_to_doc"]) as readonly string[];
  return {
    directions: directions.map((name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()) as Direction),
    partition: options["partition_mode"] === "per_direction" ? "perDirection" : "joint",
    scale: (options["scale"] ?? 20) as number,
    similarity: options["similarity_fct"] === "dot_score" ? "dot" : "cosine",
  };
}
