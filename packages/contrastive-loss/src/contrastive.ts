import { ConfigError, ShapeError } from "@kindred/errors";
import { knownLoss, type Loss, type LossContext } from "@kindred/loss";
import {
  add,
  concatFeatures,
  concatRows,
  l2Normalize,
  matmulTransposed,
  scale as scaled,
  softmaxCrossEntropy,
  sum,
} from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import { type HardnessMode, harderNegatives, hardnessModes } from "./harder-negatives.ts";
import { type Direction, excludedCandidates, type Softmax, softmaxDirections } from "./softmax-directions.ts";

/** Every choice in {@link contrastive}. */
export type ContrastiveOptions = {
  /** Similarities are multiplied by it: 1 / temperature. Default 20, for cosines; 1 suits scalar products. */
  readonly scale?: number;
  /** "cosine" normalises every row first; "dot" takes rows as they are. Default "cosine". */
  readonly similarity?: "cosine" | "dot";
  /**
   * "one-way": each query finds its document. "symmetric": the mean of that and of each positive finding its query.
   * Default as in the original: "symmetric" for pairs, "one-way" where there are negatives. Short for `directions` ["queryToDoc"], and
   * for ["queryToDoc", "docToQuery"] with `partition` "perDirection".
   */
  readonly direction?: "symmetric" | "one-way";
  /** Instead of `direction`: who looks for whom, "queryToDoc" and any others. The order does not matter. */
  readonly directions?: readonly Direction[];
  /**
   * "joint": one softmax over the candidates of all `directions`. "perDirection": the mean of one softmax each, for "queryToDoc" and
   * "docToQuery" only, as the others lack the right answer. Default "joint".
   */
  readonly partition?: "joint" | "perDirection";
  /**
   * "leaveOut": a text of the batch that equals a row's own answer, or answers the same query, is no wrong answer to it. "keep": all other
   * texts are wrong answers, as in sentence-transformers. Default "leaveOut".
   */
  readonly equalTexts?: "leaveOut" | "keep";
  /**
   * Which wrong answers of "queryToDoc" weigh more the nearer they are: documents of other rows ("inBatchNegatives"), the row's own
   * columns of negatives ("hardNegatives"), or both ("allNegatives"). Default: none.
   */
  readonly hardnessMode?: HardnessMode;
  /** How much more: `hardnessStrength` · sim is added to a score. Above 0, with `hardnessMode` only. */
  readonly hardnessStrength?: number;
};

/**
 * The in-batch contrastive loss as a value: each query must find its own document among those of the whole batch.
 *
 * Columns are queries, positives, and any number of columns of hard negatives; row i of each belongs together. With documents D =
 * positives, then the negatives column after column, and B rows in the batch:
 *
 *     oneWay(i)    = log Σ_d exp(scale · sim(queryᵢ, D_d)) − scale · sim(queryᵢ, positiveᵢ)
 *     backward(i)  = log Σ_j exp(scale · sim(positiveᵢ, query_j)) − scale · sim(positiveᵢ, queryᵢ)
 *     loss         = Σ_i oneWay(i) / B          or, symmetric, Σ_i (oneWay(i) + backward(i)) / 2B
 *
 * Other `directions` are blocks of scores too, each with a row for every i:
 *
 *     queryToDoc    queryᵢ with all of D           queryToQuery  queryᵢ with the queries of other rows
 *     docToQuery    positiveᵢ with all queries     docToDoc      positiveᵢ with those of D in other rows
 *
 * and joint(i) = log Σ exp(score), over row i of all blocks, − scale · sim(queryᵢ, positiveᵢ).
 *
 * **Hardness.** With `hardnessMode` the scores of the chosen wrong answers of queryᵢ become (scale + hardnessStrength) · sim, of which the
 * second part is a constant to the gradient: near ones count for more.
 *
 * Never negative; log(number of candidates) if all are equally similar. It is a loss over rows: a core scores its own rows against all
 * cores' documents.
 *
 * **False negatives.** A batch may hold one text twice, and then a query would be pushed away from its own answer. So,
 * unless they are to be kept,
 * the sum over documents for query i leaves out (i's own positive always stays)
 *
 * * every document whose text is that of i's positive, in any column and row;
 * * the positive of each other row whose query has the text of query i;
 *
 * and the sum over queries for positive i leaves out each other row whose query has the text of query i, or whose positive has
 * the text of positive i. A document with the text of the query itself stays. What is left out depends on the candidates alone: it is
 * the same for documents whether query i or positive i looks, and for queries.
 *
 * Against sentence-transformers: `MultipleNegativesRankingLoss` with its `directions`, its `partition_mode` as `partition`, its
 * `hardness_mode` and `hardness_strength`; equal texts are kept there. Float32: a score of 20 is exact to 2e-6.
 *
 * @throws ConfigError if `scale` is not above 0, a choice is none of those listed, or the directions are no choice: unknown, without
 * "queryToDoc", both long and short form, `partition` alone, or "perDirection" with a direction that lacks the right answer; if hardness
 * has a mode without a strength above 0, or a strength without a mode. The value
 * throws a ShapeError if there are fewer than two columns or `gather` does not give all rows.
 * @see van den Oord, Li, Vinyals (2018), Representation learning with contrastive predictive coding, equation 4; Henderson et al.
 * (2017), Efficient natural language response suggestion for Smart Reply, section 4; Radford et al. (2021), CLIP, figure 3
 * (symmetric); Li et al. (2023), Towards general text embeddings with multi-stage contrastive learning ("improved contrastive loss": all
 * four, joint); Lan et al. (2025), LLaVE, equation 5 (hardness).
 *
 * @example
 * ```ts
 * import { contrastive } from "@kindred/contrastive-loss";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const queries = tf.tensor2d([[1, 0], [0, 1]]);
 * const ties = tf.tensor2d([[1, 1], [1, 1]]);
 * const textIds = [Int32Array.of(1, 2), Int32Array.of(3, 4)];
 * lossShare(contrastive(), [queries, ties], { textIds }).dataSync(); // => [0.6931]
 * lossShare(contrastive({ scale: 1 }), [queries, queries], { textIds }).dataSync(); // => [0.3133]
 * const joint = contrastive({ scale: 1, directions: ["queryToDoc", "docToQuery"] });
 * lossShare(joint, [queries, queries], { textIds }).dataSync(); // => [1.0064]
 * ```
 */
export function contrastive(options: ContrastiveOptions = {}): Loss {
  const { scale = 20, similarity = "cosine", equalTexts = "leaveOut", hardnessMode, hardnessStrength } = options;
  expectKnown({ scale, similarity, equalTexts, hardnessMode, hardnessStrength });
  softmaxDirections(options, 2); // refuses directions that are no choice
  return knownLoss({
    name: "contrastive",
    options: { ...options, scale, similarity, equalTexts },
    over: "rows",
    needs: { texts: { least: 2 }, ...(equalTexts === "leaveOut" && { textIds: true }) },
    value: (columns, context) => {
      const rows = similarity === "cosine" ? columns.map((column) => l2Normalize(column)) : columns;
      const softmaxes = softmaxDirections(options, columns.length);
      return shareOfRows(rows, context, { scale, equalTexts, softmaxes, hardnessMode, hardnessStrength });
    },
  });
}

type Choice = {
  readonly scale: number;
  readonly equalTexts: "leaveOut" | "keep";
  readonly softmaxes: readonly Softmax[];
  readonly hardnessMode: HardnessMode | undefined;
  readonly hardnessStrength: number | undefined;
};

/** The share of some rows, compared by scalar products. */
function shareOfRows(
  [queries, ...ownDocuments]: readonly Float<"batch hidden">[],
  { gather, firstRow, totalRows, batch }: LossContext,
  { scale, equalTexts, softmaxes, hardnessMode, hardnessStrength = 0 }: Choice,
): Float<""> {
  const [positives] = ownDocuments;
  if (queries === undefined || positives === undefined) throw tooFew(ownDocuments.length);
  const count = queries.shape[0] ?? 0;
  const labels = Int32Array.from({ length: count }, (_, row) => firstRow + row);
  const documents: Float = concatRows(ownDocuments.map(gathered));
  const lookAtQueries = softmaxes.flat().some((direction) => direction.endsWith("ToQuery"));
  const own = { queries, positives };
  const allQueries: Float = lookAtQueries ? gathered(queries) : queries;
  const rows = { firstRow, count, batch: totalRows, columns: 1 + ownDocuments.length };
  const textIds = equalTexts === "leaveOut" ? batch.textIds : undefined;

  return scaled(softmaxes.map(surprise).reduce(add), 1 / (softmaxes.length * totalRows));

  /** The sum over own rows of the surprise that each finds, among the candidates of all these directions, that of its own row. */
  function surprise(directions: Softmax): Float<""> {
    const [first, ...others] = directions;
    const logits = others.length === 0 ? scores(first) : concatFeatures([scores(first), ...others.map(scores)]);
    const excluded = excludedCandidates(directions, { ...rows, textIds });
    return sum(softmaxCrossEntropy(logits, labels, excluded && { excluded }));
  }

  function scores(direction: Direction): Float<"batch columns"> {
    const seekers = direction.startsWith("query") ? own.queries : own.positives;
    const candidates: Float<"columns hidden"> = direction.endsWith("ToQuery") ? allQueries : documents;
    const logits = matmulTransposed(scaled(seekers, scale), candidates);
    if (direction !== "queryToDoc" || hardnessMode === undefined) return logits;
    return harderNegatives(logits, hardnessMode, { ...rows, ratio: hardnessStrength / scale });
  }

  function gathered(column: Float<"batch hidden">): Float<"batch hidden"> {
    const all = gather(column);
    if (all.shape[0] === totalRows) return all;
    throw new ShapeError(
      `contrastive: gather did not give the whole batch. Got ${all.shape[0]} rows, expected totalRows = ${totalRows}, all cores' in order.`,
      { rows: all.shape[0], totalRows },
    );
  }
}

function tooFew(documents: number): ShapeError {
  const columns = documents + 1;
  return new ShapeError(
    `contrastive: too few columns. Got ${columns}, expected queries, positives and any number of columns of negatives.`,
    { columns },
  );
}

function expectKnown(values: {
  readonly scale: number;
  readonly similarity: string;
  readonly equalTexts: string;
  readonly hardnessMode: string | undefined;
  readonly hardnessStrength: number | undefined;
}): void {
  const { scale, similarity, equalTexts, hardnessMode, hardnessStrength } = values;
  const expected = !(scale > 0 && scale < Infinity)
    ? "scale above 0, e.g. 20"
    : !["cosine", "dot"].includes(similarity)
      ? 'similarity "cosine" or "dot"'
      : !["leaveOut", "keep"].includes(equalTexts)
        ? 'equalTexts "leaveOut" or "keep"'
        : !(hardnessMode === undefined || Object.hasOwn(hardnessModes, hardnessMode))
          ? `hardnessMode ${Object.keys(hardnessModes).join(", ")}`
          : (hardnessMode === undefined) !== (hardnessStrength === undefined)
            ? "hardnessMode and hardnessStrength both, or neither"
            : !((hardnessStrength ?? 1) > 0 && (hardnessStrength ?? 1) < Infinity)
              ? "hardnessStrength above 0, e.g. 5"
              : undefined;
  if (expected === undefined) return;
  throw new ConfigError(
    `contrastive: an option is out of range. Got ${JSON.stringify(values)}, expected ${expected}.`,
    values,
  );
}
