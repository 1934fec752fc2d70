import type { TextRow } from "@kindred/datasets";
import { meanInterval, pairClassification, precisionInterval } from "@kindred/evaluation";
import { pairSimilarities } from "@kindred/vectors";
import type { EvaluationTask } from "./evaluation-task.ts";

/** Whether a row is a match: labelled, or scored, 1 for yes and 0 for no; undefined for other rows. */
function matchOf({ texts, scores, label }: TextRow): boolean | undefined {
  const [mark, ...more] = scores ?? [label];
  return texts.length === 2 && more.length === 0 && (mark === 0 || mark === 1) ? mark === 1 : undefined;
}

/**
 * Telling paraphrases from other pairs: average precision of the cosines of pairs that are labelled 1 or 0, and the best F1 and accuracy of
 * any threshold, as sentence-transformers' BinaryClassificationEvaluator. There must be pairs of both kinds.
 */
export function paraphrase(name: string, rows: readonly TextRow[]): EvaluationTask | undefined {
  const isMatch = rows.flatMap((row) => matchOf(row) ?? []);
  if (isMatch.length < rows.length || new Set(isMatch).size < 2) return undefined;
  const measured = rows.length;
  const matches = isMatch.filter(Boolean).length;
  return {
    ...{
      name,
      evaluator: "paraphrase",
      metrics: ["cosine_ap", "cosine_f1", "cosine_accuracy"],
      measured,
      unit: "pairs",
    },
    measure: async (encode) => {
      const side = (column: number) =>
        encode(
          rows.map(({ texts }) => texts[column] ?? ""),
          column,
        );
      const { averagePrecision, f1, accuracy } = pairClassification(
        pairSimilarities(await side(0), await side(1)),
        isMatch,
      );
      const right = Math.round(accuracy * measured);
      return {
        cosine_ap: { value: averagePrecision, interval: precisionInterval(averagePrecision, matches) },
        cosine_f1: { value: f1 },
        cosine_accuracy: {
          value: accuracy,
          interval: meanInterval(Array.from({ length: measured }, (_, i) => Number(i < right))),
        },
      };
    },
    levels: () => ({
      chance: { cosine_ap: matches / measured, cosine_accuracy: Math.max(matches, measured - matches) / measured },
    }),
  };
}
