import type { TextRow } from "@kindred/datasets";
import { bm25Index, pairRanks } from "@kindred/evaluation";
import { type EmbeddingRows, type ScoreMatrix, similarityMatrix } from "@kindred/vectors";
import { type EvaluationTask, meanOf } from "./evaluation-task.ts";

/** Rows of a block, which gives the metric its name. */
const blockSize = 100;

/** Names of columns under which the context may stand behind its response. */
const [contextName, responseName] = ["context", "response"];

/**
 * 1-of-100 accuracy of conversations: the rows, in their order, are cut into blocks of 100; for each context of a block, is its own response
 * the most similar of the block's 100? The first text is the context, unless columns are called `context` and `response`. Rows that are left over are
 * not measured. Of equal responses the first counts, as in the reference implementation: a model to which all texts are alike gets 1/100.
 * BM25 knows how rare words are from the responses of all blocks.
 *
 * @see Henderson et al., "A repository of conversational datasets", 2019, section 4
 */
export function oneOf100(
  name: string,
  rows: readonly Pick<TextRow, "texts">[],
  columns: readonly string[] = [],
): EvaluationTask | undefined {
  const isTurned = columns[0] === responseName && columns[1] === contextName;
  const pairs = rows.flatMap(({ texts: [first, second] }) =>
    first === undefined || second === undefined
      ? []
      : [isTurned ? ([second, first] as const) : ([first, second] as const)],
  );
  const measured = pairs.length - (pairs.length % blockSize);
  if (measured === 0) return undefined;
  const [contexts, responses] = [0, 1].map((side) => pairs.slice(0, measured).map((pair) => pair[side] ?? ""));
  if (contexts === undefined || responses === undefined) return undefined;
  const [contextColumn, responseColumn] = isTurned ? [1, 0] : [0, 1];
  const starts = Array.from({ length: measured / blockSize }, (_, block) => block * blockSize);
  const metric = "1-of-100_accuracy";
  const first = { queries: contexts.slice(0, blockSize), candidates: responses.slice(0, blockSize) };
  return {
    ...{ name, evaluator: "one-of-100", metrics: [metric], measured, unit: "queries" },
    measure: async (encode) => {
      const [asked, found] = [await encode(contexts, contextColumn), await encode(responses, responseColumn)];
      const matrixOf = (start: number) => similarityMatrix(blockOf(asked, start), blockOf(found, start));
      return { [metric]: meanOf(starts.flatMap((start) => firstOnes(matrixOf(start)))) };
    },
    levels: () => {
      const index = bm25Index(responses);
      const matrixOf = (start: number): ScoreMatrix => {
        const scores = new Float64Array(blockSize ** 2);
        for (const [i, context] of contexts.slice(start, start + blockSize).entries())
          scores.set(index.scores(context, start, start + blockSize), i * blockSize);
        return { scores, rows: blockSize, columns: blockSize };
      };
      const { value } = meanOf(starts.flatMap((start) => firstOnes(matrixOf(start))));
      return { bm25: { [metric]: value }, chance: { [metric]: 1 / blockSize } };
    },
    shown: { ...first, right: first.queries.map((_, i) => [i]) },
  };
}

/** 1 for each row whose own column is the first, else 0. */
function firstOnes(matrix: ScoreMatrix): number[] {
  return Array.from(pairRanks(matrix, { ties: "id" }), (rank) => Number(rank === 1));
}

function blockOf({ embeddings, dimension }: EmbeddingRows, start: number): EmbeddingRows {
  return { embeddings: embeddings.subarray(start * dimension, (start + blockSize) * dimension), dimension };
}
