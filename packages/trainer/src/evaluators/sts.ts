import type { TextRow } from "@kindred/datasets";
import { correlationInterval, scoredPairs } from "@kindred/evaluation";
import type { EvaluationTask } from "./evaluation-task.ts";

/** A row's two texts and its number, a score or else a label; undefined for other rows. */
function scoredPairOf({ texts: [first, second, ...more], scores, label }: TextRow) {
  const [score, ...others] = scores ?? [label];
  if (first === undefined || second === undefined || more.length + others.length > 0) return undefined;
  return typeof score === "number" ? { first, second, score } : undefined;
}

/**
 * Agreeing with people: the rank correlation of the cosines of pairs with the numbers that people gave them, on any scale. Every row must be two texts
 * and a number, and not all numbers one.
 */
export function sts(name: string, rows: readonly TextRow[]): EvaluationTask | undefined {
  const pairs = rows.flatMap((row) => scoredPairOf(row) ?? []);
  const gold = pairs.map(({ score }) => score);
  if (pairs.length < rows.length || new Set(gold).size < 2) return undefined;
  const measured = pairs.length;
  return {
    ...{ name, evaluator: "sts", metrics: ["spearman_cosine", "pearson_cosine"], measured, unit: "pairs" },
    measure: async (encode) => {
      const first = await encode(
        pairs.map((pair) => pair.first),
        0,
      );
      const second = await encode(
        pairs.map((pair) => pair.second),
        1,
      );
      const metrics = scoredPairs({ first, second, gold }, { similarities: ["cosine"] });
      return Object.fromEntries(
        Object.entries(metrics).map(([metric, value]) => [
          metric,
          { value, interval: correlationInterval(value, measured) },
        ]),
      );
    },
    levels: () => ({}),
  };
}
