import { knownLoss, type Loss, lossOptions } from "@kindred/loss";
import { add, l2Normalize, multiply, rowDot, scale, subtract, sum } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { teacherRows } from "./teacher-rows.ts";

/** Every choice in {@link marginMse}. */
export type MarginMseOptions = {
  /** Default "dot". */
  readonly similarity?: "cosine" | "dot";
  /**
   * Where the teacher's margins are from. "scores": the data have a score for each text after the first. "margins": they have the
   * margins, one for each negative. "teacher": from another model's vectors, by `similarity`. Default "scores".
   */
  readonly targets?: "scores" | "margins" | "teacher";
};

const rules = v.strictObject({
  similarity: v.optional(v.picklist(["cosine", "dot"]), "dot"),
  targets: v.optional(v.picklist(["scores", "margins", "teacher"]), "scores"),
});

/**
 * MarginMSE: a positive should be as much nearer to its query than each negative as the teacher finds it.
 *
 *     loss = Σ_i Σ_k (sim(queryᵢ, positiveᵢ) − sim(queryᵢ, negative_ki) − margin_ki)² / (B · negatives)
 *
 * The teacher's scores may have any offset, as only their differences count, but their scale is the student's to learn: with
 * cosines margins lie between −2 and 2. A loss over rows.
 *
 * As sentence-transformers' `MarginMSELoss`, which tells scores and margins apart by their number.
 *
 * @throws ConfigError for an option out of range
 * @see Hofstätter et al. (2020), Improving efficient neural ranking models with cross-architecture knowledge distillation, equation 1.
 *
 * @example
 * ```ts
 * import { marginMse } from "@kindred/distillation-losses";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [[[1, 2]], [[3, 1]], [[0, 1]]].map((rows) => tf.tensor2d(rows)); // products 5 and 2
 * lossShare(marginMse(), columns, { scores: Float32Array.of(9, 8) }).dataSync(); // => [4]
 * lossShare(marginMse({ targets: "margins" }), columns, { scores: Float32Array.of(3) }).dataSync(); // => [0]
 * ```
 */
export function marginMse(given: MarginMseOptions = {}): Loss {
  const options = lossOptions("margin-mse", rules, given);
  const { similarity, targets } = options;
  return knownLoss({
    name: "margin-mse",
    options,
    over: "rows",
    needs: {
      texts: { least: 3 },
      ...(targets === "teacher" ? { vectors: ["teacher"] } : { scores: targets === "scores" ? "candidate" : "margin" }),
    },
    value: (columns, context) => {
      const own = margins(columns, similarity);
      const wanted =
        targets === "teacher"
          ? margins(
              columns.map((_, column): Float => teacherRows(context, column)),
              similarity,
            )
          : givenMargins(context.scores, own.length, targets);
      const squares = own.map((margin, k) => {
        const missing = subtract(margin, wanted[k]!); // one for each negative
        return sum(multiply(missing, missing));
      });
      return scale(squares.reduce(add), 1 / (own.length * context.totalRows));
    },
  });
}

/** For each negative, by how much the positive is more similar to the query, of every row. */
function margins(columns: readonly Float<"batch hidden">[], similarity: "cosine" | "dot"): Float<"batch">[] {
  const [query, positive, ...negatives] = similarity === "cosine" ? columns.map((rows) => l2Normalize(rows)) : columns;
  const right = rowDot(query!, positive!); // `!`: it takes three columns or more
  return negatives.map((negative) => subtract(right, rowDot(query!, negative)));
}

/** The margins that the data say, of each negative: as they are, or from a score for each text after the first. */
function givenMargins(scores: Float32Array, negatives: number, targets: "scores" | "margins"): Float<"batch">[] {
  const width = targets === "scores" ? negatives + 1 : negatives;
  const at = (row: number, place: number) => scores[row * width + place] ?? Number.NaN;
  return Array.from({ length: negatives }, (_, k) =>
    tf.tensor1d(
      Float32Array.from({ length: scores.length / width }, (_, row) =>
        targets === "scores" ? at(row, 0) - at(row, k + 1) : at(row, k),
      ),
    ),
  );
}
