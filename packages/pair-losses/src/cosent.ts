import { knownLoss, type Loss, lossOptions } from "@kindred/loss";
import { rowDot, scale as scaled } from "@kindred/nn";
import * as v from "valibot";
import { cosines } from "./distances.ts";
import { rankingLoss } from "./ranking-loss.ts";

/** Every choice in {@link cosent}. */
export type CosentOptions = {
  /** Similarities are multiplied by it. Default 20. */
  readonly scale?: number;
  /** "cosine", or "dot" for scalar products. Default "cosine". */
  readonly similarity?: "cosine" | "dot";
};

const rules = v.strictObject({
  scale: v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()), 20),
  similarity: v.optional(v.picklist(["cosine", "dot"]), "cosine"),
});

/**
 * CoSENT: of any two pairs of the batch, the one with the higher score should have the larger cosine.
 *
 *     loss = log(1 + Σ exp(scale · (cosᵢ − cosⱼ)))        over all i, j with scoreᵢ < scoreⱼ
 *
 * Only the order of scores matters, so any scale of theirs will do; pairs of equal score are not compared. 0 if all scores are equal. It
 * compares all rows of the batch, so it grows with their number: a loss over the batch, with batch × batch differences in memory.
 *
 * As sentence-transformers' `CoSENTLoss`.
 *
 * @throws ConfigError for an option out of range
 * @see Huang et al. (2024), CoSENT: consistent sentence embedding via similarity ranking, equation 10.
 *
 * @example
 * ```ts
 * import { lossShare } from "@kindred/loss";
 * import { cosent } from "@kindred/pair-losses";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [tf.tensor2d([[1, 0], [1, 0]]), tf.tensor2d([[1, 0], [0, 1]])]; // cosines 1 and 0
 * lossShare(cosent({ scale: 1 }), columns, { scores: Float32Array.of(5, 2) }).dataSync(); // => [0.3133]
 * lossShare(cosent({ scale: 1 }), columns, { scores: Float32Array.of(2, 5) }).dataSync(); // => [1.3133]
 * ```
 */
export function cosent(given: CosentOptions = {}): Loss {
  const options = lossOptions("cosent", rules, given);
  const { scale, similarity } = options;
  return knownLoss({
    name: "cosent",
    options,
    over: "batch",
    needs: { texts: { least: 2, most: 2 }, scores: "row" },
    value: ([first, second], { scores }) => {
      // `!`: it takes two columns
      const similarities = similarity === "cosine" ? cosines(first!, second!) : rowDot(first!, second!);
      return rankingLoss(scaled(similarities, scale), scores);
    },
  });
}
