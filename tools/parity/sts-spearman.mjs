import { readFileSync } from "node:fs";
import { spearman } from "@kindred/evaluation";
import { pairSimilarities } from "@kindred/vectors";

/**
 * The rank correlation of an encoder's similarities with people's judgement of sentence pairs.
 *
 * @param {import("@kindred/sentence-encoder").SentenceEncoder} encoder
 * @param {string} path a tab-separated file of score, sentence and sentence, with a head line
 */
export async function stsSpearman(encoder, path) {
  const rows = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"));
  const started = performance.now();
  const column = (/** @type {number} */ i) => encoder.encode(rows.map((row) => row[i] ?? ""));
  const [first, second] = [await column(1), await column(2)];
  const similarities = encoder.similarityPairwise(first, second);
  const seconds = (performance.now() - started) / 1000;
  return {
    spearman: spearman(
      similarities,
      rows.map(([score]) => Number(score)),
    ),
    pairs: rows.length,
    vectors: [first, second],
    seconds,
  };
}

/**
 * The mean and the least cosine of an encoder's vectors of sentence pairs to another's.
 *
 * @typedef {import("@kindred/sentence-encoder").Embeddings} Embeddings
 * @param {readonly Embeddings[]} columns
 * @param {readonly Embeddings[]} known
 */
export function cosinesTo(columns, known) {
  const cosines = columns.flatMap((rows, i) => [...pairSimilarities(rows, known[i] ?? rows, { similarity: "cosine" })]);
  return { mean: cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length, least: Math.min(...cosines) };
}
