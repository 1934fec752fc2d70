import { ConfigError, ShapeError } from "@kindred/errors";
import { add, concatRows, l2Normalize, matmulTransposed, scale as scaled, softmaxCrossEntropy, sum } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { falseNegatives, type TextIds } from "./false-negatives.ts";

/** Every choice in {@link contrastiveLoss}. */
export type ContrastiveLossOptions = {
  /** Similarities are multiplied by it: 1 / temperature. Default 20, for cosines; 1 suits scalar products. */
  readonly scale?: number;
  /** "cosine" normalises every row first; "dot" takes rows as they are. Default "cosine". */
  readonly similarity?: "cosine" | "dot";
  /**
   * "one-way": each query finds its document. "symmetric": the mean of that and of each positive finding its query.
   * Default as in the original: "symmetric" for pairs, "one-way" where there are negatives.
   */
  readonly direction?: "symmetric" | "one-way";
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
 * Never negative; log(number of documents) if all are equally similar. The scalar is this core's share: rows are those given,
 * documents are all cores', and the cores' losses, and their gradients, add up to those of the whole.
 *
 * **False negatives.** A batch may hold one text twice, and then a query would be pushed away from its own answer. With `textIds`,
 * the sum over documents for query i leaves out (i's own positive always stays)
 *
 * * every document whose text is that of i's positive, in any column and row;
 * * the positive of each other row whose query has the text of query i;
 *
 * and the sum over queries for positive i leaves out each other row whose query has the text of query i, or whose positive has
 * the text of positive i. A document with the text of the query itself stays.
 *
 * Against sentence-transformers: one-way is `MultipleNegativesRankingLoss`, symmetric is its `directions` (query_to_doc,
 * doc_to_query) with `partition_mode` per_direction; the mask has no counterpart there. Float32: a score of 20 is exact to 2e-6.
 *
 * @throws ShapeError if there are fewer than two columns, they differ in shape, or `textIds`, `firstRow` and the rows do not fit;
 * ConfigError if `scale` is not above 0.
 * @see van den Oord, Li, Vinyals (2018), Representation learning with contrastive predictive coding, equation 4; Henderson et al.
 * (2017), Efficient natural language response suggestion for Smart Reply, section 4; Radford et al. (2021), CLIP, figure 3
 * (symmetric).
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
 * ```
 */
export function contrastiveLoss(
  columns: readonly Float<"batch hidden">[],
  options: ContrastiveLossOptions = {},
): Float<""> {
  const { scale = 20, similarity = "cosine", direction = columns.length > 2 ? "one-way" : "symmetric" } = options;
  const { gather = (rows: tf.Tensor) => rows, firstRow = 0, textIds } = options;
  const count = checkColumns(columns, scale);
  // Plain tensors from here on: "batch hidden" becomes the "rows hidden" and "columns hidden" of a score matrix.
  const rows: readonly tf.Tensor[] = similarity === "cosine" ? columns.map((column) => l2Normalize(column)) : columns;
  const [queries, positives] = [rows[0]!, rows[1]!];
  const documents: tf.Tensor[] = rows.slice(1).map((column) => gather(column));
  const batch = documents[0]!.shape[0]!;
  const { totalRows = batch } = options;
  checkRows({ firstRow, count, batch, totalRows, columns: columns.length, textIds });
  const labels = Int32Array.from({ length: count }, (_, row) => firstRow + row);

  const oneWay = find(queries, concatRows(documents) as tf.Tensor, textIds);
  if (direction === "one-way") return scaled(oneWay, 1 / totalRows);
  const backward = find(positives, gather(queries) as tf.Tensor, textIds && [textIds[1]!, textIds[0]!]);
  return scaled(add(oneWay, backward), 1 / (2 * totalRows));

  /** The sum over own rows of the surprise that each finds the candidate of its own row. */
  function find(
    seekers: Float<"rows hidden">,
    candidates: Float<"columns hidden">,
    ids: TextIds | undefined,
  ): Float<""> {
    const excluded = ids && falseNegatives(ids, { firstRow, count });
    const scores = matmulTransposed(scaled(seekers, scale), candidates);
    return sum(softmaxCrossEntropy(scores, labels, excluded && { excluded }));
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
