import type { TextRow } from "@kindred/datasets";
import { pairSimilarities } from "@kindred/vectors";
import { type EvaluationTask, meanOf } from "./evaluation-task.ts";

/**
 * Telling right from wrong: is a row's first text more like its second than like its third, and every further one? Each wrong text makes a
 * triplet; a tie is wrong. The metric of sentence-transformers' TripletEvaluator.
 */
export function triplet(name: string, rows: readonly Pick<TextRow, "texts">[]): EvaluationTask | undefined {
  const triplets = rows.flatMap(({ texts: [anchor, positive, ...negatives] }) =>
    anchor === undefined || positive === undefined ? [] : negatives.map((negative) => ({ anchor, positive, negative })),
  );
  const measured = triplets.length;
  if (measured === 0 || rows.some(({ texts }) => texts.length < 3)) return undefined;
  const metric = "triplet_accuracy";
  return {
    ...{ name, evaluator: "triplet", metrics: [metric], measured, unit: "triplets" },
    measure: async (encode) => {
      const of = (part: "anchor" | "positive" | "negative") => triplets.map((triplet) => triplet[part]);
      const anchors = await encode(of("anchor"), 0);
      const right = pairSimilarities(anchors, await encode(of("positive"), 1));
      const wrong = pairSimilarities(anchors, await encode(of("negative"), 2));
      return { [metric]: meanOf(Array.from(right, (score, i) => Number(score > (wrong[i] ?? Number.NaN)))) };
    },
    levels: () => ({ chance: { [metric]: 0.5 } }),
  };
}
