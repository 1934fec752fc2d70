import { bm25Index, expectedReciprocalRank, mrrOfPairs, spearman } from "@kindred/evaluation";
import type { EmbeddingRows } from "@kindred/sentence-encoder";

/** Queries and as many candidates: query i's right answer is candidate i, and no text is there twice. */
export type Pool = { readonly queries: readonly string[]; readonly candidates: readonly string[] };

/** What a model is judged by: finding each query's own candidate in its pool, or agreeing with people's scores of pairs. */
export type EvaluationTask = { readonly name: string } & (
  | { readonly kind: "pairs"; readonly pools: readonly Pool[] }
  | {
      readonly kind: "scored";
      readonly first: readonly string[];
      readonly second: readonly string[];
      readonly scores: readonly number[];
    }
);

/** Metrics by name. */
export type Metrics = { readonly [name: string]: number };

/** Candidates of a pool. */
const poolSize = 500;
