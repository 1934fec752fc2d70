import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import {
  type EmbeddingRows,
  pairSimilarities,
  type Similarity,
  similarities,
  similarityMatrix,
} from "@kindred/vectors";
import { describe, expect, test } from "vitest";
import { retrievalMetrics, scoredPairs, tripletAccuracy } from "./index.ts";

type Matrix = number[][];
type Metrics = Record<string, number>;
type Golden = {
  embeddingSimilarity: {
    embeddings1: Matrix;
    embeddings2: Matrix;
    scores: number[];
    metrics: Metrics;
    cosine: number[];
  }[];
  informationRetrieval: {
    options: Record<string, number[]>;
    queries: Matrix;
    corpus: Matrix;
    queryIds: string[];
    corpusIds: string[];
    relevant: Record<string, string[]>;
    metrics: Metrics;
    rankingTop25: Record<string, Record<string, [string, number][]>>;
  }[];
  triplet: {
    options: { margin?: number | Record<string, number> };
    anchors: Matrix;
    positives: Matrix;
    negatives: Matrix;
    metrics: Metrics;
  }[];
};

const isHere = sharedExists("golden", "evaluators", "evaluators.json");
const golden: Golden = isHere
  ? readJson(sharedPath("golden", "evaluators", "evaluators.json"))
  : { embeddingSimilarity: [], informationRetrieval: [], triplet: [] };

// The golden similarities are float32, of rounding unit 6e-8, over at most 16 terms: 1e-6. The metrics differ by steps
// of 1/n, or not at all.
const TOLERANCE = 1e-6;

describe.skipIf(!isHere)("the evaluators of sentence-transformers", () => {
  test.for(golden.embeddingSimilarity.map((example, i) => [i, example] as const))(
    "EmbeddingSimilarity %s",
    ([, example]) => {
      const [first, second] = [rows(example.embeddings1), rows(example.embeddings2)];
      expect(pairSimilarities(first, second)).toBeCloseToArray(example.cosine, { tolerance: TOLERANCE });
      const metrics: Metrics = scoredPairs({ first, second, gold: example.scores });
      expect(Object.keys(metrics)).toHaveLength(8);
      for (const [name, value] of Object.entries(metrics)) expectClose(value, example.metrics[`sts_${name}`]);
    },
  );

  test.for(golden.informationRetrieval.map((example, i) => [i, example] as const))(
    "InformationRetrieval %s",
    ([, example]) => {
      const { accuracy_at_k, precision_recall_at_k, mrr_at_k, ndcg_at_k, map_at_k } = example.options;
      const cuts = {
        ...(accuracy_at_k && { accuracyAt: accuracy_at_k }),
        ...(precision_recall_at_k && { precisionRecallAt: precision_recall_at_k }),
        ...(mrr_at_k && { mrrAt: mrr_at_k }),
        ...(ndcg_at_k && { ndcgAt: ndcg_at_k }),
        ...(map_at_k && { mapAt: map_at_k }),
      };
      const task = {
        queries: rows(example.queries),
        corpus: rows(example.corpus),
        relevant: example.queryIds.map((id) => example.relevant[id] ?? []),
        corpusIds: example.corpusIds,
      };
      for (const similarity of ["cosine", "dot"] as const) {
        const metrics: Metrics = retrievalMetrics(task, { similarity, ...cuts });
        const expected = Object.entries(example.metrics).filter(([name]) => name.startsWith(`ir_${similarity}_`));
        expect(Object.keys(metrics)).toHaveLength(expected.length);
        for (const [name, value] of expected) expectClose(metrics[name.slice(`ir_${similarity}_`.length)], value);
        const { scores, columns } = similarityMatrix(task.queries, task.corpus, { similarity });
        for (const [id, ranking] of Object.entries(example.rankingTop25[similarity]!)) {
          const query = example.queryIds.indexOf(id);
          for (const [document, score] of ranking) {
            expectClose(scores[query * columns + example.corpusIds.indexOf(document)], score);
          }
        }
      }
    },
  );

  test.for(golden.triplet.map((example, i) => [i, example] as const))("Triplet %s", ([, example]) => {
    const triplets = {
      anchors: rows(example.anchors),
      positives: rows(example.positives),
      negatives: rows(example.negatives),
    };
    const { margin = 0 } = example.options;
    for (const similarity of similarities) {
      const own = typeof margin === "number" ? margin : margin[similarity satisfies Similarity]!;
      expectClose(
        tripletAccuracy(triplets, { similarity, margin: own }),
        example.metrics[`triplet_${similarity}_accuracy`],
      );
    }
  });
});

function rows(matrix: Matrix): EmbeddingRows {
  return { embeddings: Float32Array.from(matrix.flat()), dimension: matrix[0]!.length };
}

function expectClose(actual: number | undefined, expected: number | undefined): void {
  expect(Math.abs(actual! - expected!)).toBeLessThanOrEqual(TOLERANCE);
}
