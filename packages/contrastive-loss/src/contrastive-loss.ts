import { ConfigError, ShapeError } from "@kindred/errors";
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
import { expectShapes, type Float } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { excludedCandidates } from "./excluded-candidates.ts";
import type { TextIds } from "./false-negatives.ts";
import { type Direction, softmaxDirections } from "./softmax-directions.ts";

/** Every choice in {@link contrastiveLoss}. */
export type ContrastiveLossOptions = {
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
   * Which texts of the whole batch are equal, to leave false negatives out: an array for each column with a number for each of
   * the `totalRows` rows; equal numbers are equal texts, across columns too. Default: nothing is left out.
   */
  readonly textIds?: TextIds;
  /** All cores' rows from this core's: a differentiable all-gather, called once a column. Default: there are no other cores. */
  readonly gather?: (rows: Float<"batch@data hidden">) => Float<"batch hidden">;
  /** The number of this core's first row in the whole batch. Default 0. */
  readonly firstRow?: number;
  /** Rows of the whole batch, by which the sum is divided. Default: what `gather` gives. */
  readonly totalRows?: number;
};

/**
 * The in-batch contrastive loss: each query must find its own document among those of the whole batch.
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
 * Never negative; log(number of candidates) if all are equally similar. The scalar is this core's share: rows are those given,
 * documents are all cores', and the cores' losses, and their gradients, add up to those of the whole.
 *
 * **False negatives.** A batch may hold one text twice, and then a query would be pushed away from its own answer. With `textIds`,
 * the sum over documents for query i leaves out (i's own positive always stays)
 *
 * * every document whose text is that of i's positive, in any column and row;
 * * the positive of each other row whose query has the text of query i;
 *
 * and the sum over queries for positive i leaves out each other row whose query has the text of query i, or whose positive has
 * the text of positive i. A document with the text of the query itself stays. What is left out depends on the candidates alone: it is
 * the same for documents whether query i or positive i looks, and for queries.
 *
 * Against sentence-transformers: `MultipleNegativesRankingLoss` with its `directions` and its `partition_mode` as `partition`; its
 * `hardness_mode` does not exist here, and the mask has no counterpart there. Float32: a score of 20 is exact to 2e-6.
 *
 * @throws ShapeError if there are fewer than two columns, they differ in shape, or `textIds`, `firstRow` and the rows do not fit;
 * ConfigError if `scale` is not above 0, or the directions are no choice: unknown, without "queryToDoc", both long and short form,
 * `partition` alone, or "perDirection" with a direction that lacks the right answer.
 * @see van den Oord, Li, Vinyals (2018), Representation learning with contrastive predictive coding, equation 4; Henderson et al.
 * (2017), Efficient natural language response suggestion for Smart Reply, section 4; Radford et al. (2021), CLIP, figure 3
 * (symmetric); Li et al. (2023), Towards general text embeddings with multi-stage contrastive learning ("improved contrastive loss": all
 * four, joint).
 *
 * @example
 * ```ts
 * import { contrastiveLoss } from "@kindred/contrastive-loss";
 * import { startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await startBackend("wasm");
 * const queries = tf.tensor2d([[1, 0], [0, 1]]);
 * contrastiveLoss([queries, tf.tensor2d([[1, 1], [1, 1]])]).dataSync(); // => [0.6931]
 * contrastiveLoss([queries, queries], { scale: 1 }).dataSync(); // => [0.3133]
 * contrastiveLoss([queries, queries], { scale: 1, directions: ["queryToDoc", "docToQuery"] }).dataSync(); // => [1.0064]
 * ```
 */
export function contrastiveLoss(
  columns: readonly Float<"batch hidden">[],
  options: ContrastiveLossOptions = {},
): Float<""> {
  const { scale = 20, similarity = "cosine", firstRow = 0, textIds } = options;
  const { gather = (rows: tf.Tensor) => rows } = options;
  const softmaxes = softmaxDirections(options, columns.length);
  const count = checkColumns(columns, scale);
  // Plain tensors from here on: "batch hidden" becomes the "rows hidden" and "columns hidden" of a score matrix.
  const rows: readonly tf.Tensor[] = similarity === "cosine" ? columns.map((column) => l2Normalize(column)) : columns;
  const [queries, positives] = [rows[0]!, rows[1]!];
  const ofDocuments: tf.Tensor[] = rows.slice(1).map((column) => gather(column));
  const batch = ofDocuments[0]!.shape[0]!;
  const { totalRows = batch } = options;
  checkRows({ firstRow, count, batch, totalRows, columns: columns.length, textIds });
  const labels = Int32Array.from({ length: count }, (_, row) => firstRow + row);
  const documents: tf.Tensor = concatRows(ofDocuments);
  const lookAtQueries = softmaxes.flat().some((direction) => direction.endsWith("ToQuery"));
  const allQueries: tf.Tensor = lookAtQueries ? gather(queries) : queries;

  return scaled(softmaxes.map(surprise).reduce(add), 1 / (softmaxes.length * totalRows));

  /** The sum over own rows of the surprise that each finds, among the candidates of all these directions, that of its own row. */
  function surprise(directions: readonly Direction[]): Float<""> {
    const blocks: readonly tf.Tensor[] = directions.map(scores);
    const logits: tf.Tensor = blocks.length === 1 ? blocks[0]! : concatFeatures(blocks);
    const excluded = excludedCandidates(directions, { firstRow, count, batch, columns: columns.length, textIds });
    return sum(softmaxCrossEntropy(logits, labels, excluded && { excluded }));
  }

  function scores(direction: Direction): Float<"rows columns"> {
    const seekers = direction.startsWith("query") ? queries : positives;
    return matmulTransposed(scaled(seekers, scale), direction.endsWith("ToQuery") ? allQueries : documents);
  }
}

/** Throws unless there are two columns or more of one shape. Gives the number of their rows. */
function checkColumns(columns: readonly Float<"batch hidden">[], scale: number): number {
  if (!(scale > 0 && scale < Infinity)) {
    throw new ConfigError(`contrastiveLoss: scale is out of range. Got ${scale}, expected a number above 0, e.g. 20.`, {
      scale,
    });
  }
  if (columns.length < 2) {
    throw new ShapeError(
      `contrastiveLoss: too few columns. Got ${columns.length}, expected queries, positives and any number of columns of negatives.`,
      { columns: columns.length },
    );
  }
  const named = columns.map((column, i) => [`columns[${i}]`, [column, "batch hidden", "float32"] as const] as const);
  return expectShapes("contrastiveLoss", Object.fromEntries(named)).batch;
}

type Rows = {
  readonly firstRow: number;
  readonly count: number;
  readonly batch: number;
  readonly totalRows: number;
  readonly columns: number;
  readonly textIds: TextIds | undefined;
};

function checkRows({ firstRow, count, batch, totalRows, columns, textIds }: Rows): void {
  if (!(Number.isInteger(firstRow) && firstRow >= 0 && firstRow + count <= batch && totalRows > 0)) {
    throw new ShapeError(
      `contrastiveLoss: this core's rows are not among the batch's. Got ${count} rows from ${firstRow} on, ${batch} gathered, ` +
        `totalRows ${totalRows}, expected firstRow + rows ≤ gathered. Does gather give all cores' rows in order?`,
      { firstRow, count, batch, totalRows },
    );
  }
  if (textIds && !(textIds.length === columns && textIds.every(({ length }) => length === batch))) {
    throw new ShapeError(
      `contrastiveLoss: textIds do not fit. Got ${textIds.length} arrays of [${textIds.map(({ length }) => length).join(", ")}], ` +
        `expected ${columns} of ${batch}: a number for each text of the whole batch, of all cores.`,
      { textIds: textIds.map(({ length }) => length), columns, batch },
    );
  }
}
