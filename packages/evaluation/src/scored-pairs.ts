import { ShapeError } from "@kindred/errors";
import {
  type EmbeddingRows,
  pairSimilarities,
  type Similarity,
  similarities as everySimilarity,
} from "@kindred/vectors";
import { pearson } from "./pearson.ts";
import { spearman } from "./spearman.ts";

/** Pairs of texts that people have scored, as STS-B has them. */
export type ScoredPairs = {
  /** Embeddings of the first texts. */
  readonly first: EmbeddingRows;
  /** Embeddings of the second texts. */
  readonly second: EmbeddingRows;
  /** How alike the two texts of each pair are, on any scale. */
  readonly gold: ArrayLike<number>;
};

/** What to measure on scored pairs. */
export type ScoredPairsOptions = {
  /** Default all four. */
  readonly similarities?: readonly Similarity[];
};

/** Correlations by name; `spearman_cosine` is the figure that is published. */
export type ScoredPairsMetrics = { [metric in `${"pearson" | "spearman"}_${Similarity}`]?: number };

/**
 * How well a model's similarities follow people's scores: Pearson's and Spearman's correlation for each similarity.
 *
 * The metrics of sentence-transformers' EmbeddingSimilarityEvaluator, under its names, in float64 where it uses
 * float32.
 *
 * @throws ShapeError if there are not as many first texts, second texts and scores
 * @see Cer, Diab, Agirre, Lopez-Gazpio, Specia, "SemEval-2017 Task 1: semantic textual similarity", 2017, section 6
 *
 * @example
 * ```ts
 * import { scoredPairs } from "@kindred/evaluation";
 *
 * const first = { embeddings: Float32Array.of(1, 0, 1, 0, 1, 0), dimension: 2 };
 * const second = { embeddings: Float32Array.of(1, 0, 1, 1, 0, 1), dimension: 2 };
 * scoredPairs({ first, second, gold: [5, 4, 0] }, { similarities: ["cosine"] }); // => { pearson_cosine: 0.9951, spearman_cosine: 1.0 }
 * ```
 */
export function scoredPairs(
  { first, second, gold }: ScoredPairs,
  { similarities = everySimilarity }: ScoredPairsOptions = {},
): ScoredPairsMetrics {
  const metrics: ScoredPairsMetrics = {};
  for (const similarity of similarities) {
    const scores = pairSimilarities(first, second, { similarity });
    if (scores.length !== gold.length) {
      throw new ShapeError(
        `scoredPairs: not as many scores. Got ${gold.length} for ${scores.length} pairs, expected one a pair.`,
      );
    }
    metrics[`pearson_${similarity}`] = pearson(scores, gold);
    metrics[`spearman_${similarity}`] = spearman(scores, gold);
  }
  return metrics;
}
