import { knownLoss, type Loss, type LossContext, lossOptions, vectorRows } from "@kindred/loss";
import {
  absolute,
  add,
  concatFeatures,
  concatRows,
  l2Normalize,
  matmulTransposed,
  rowDot,
  scale as scaled,
  select,
  shift,
  softmaxCrossEntropy,
  subtract,
  sum,
} from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { excludedCandidates, type ScoredRows } from "./softmax-directions.ts";

/** Every choice in {@link gist}. */
export type GistOptions = {
  /** Cosines are multiplied by it: 1 / temperature. Default 100. */
  readonly scale?: number;
  /** How far below the guide's cosine of the right pair a candidate must be to stay. Default 0. */
  readonly margin?: number;
  /** "absolute": the margin is a difference of cosines. "relative": a part of the right pair's cosine. Default "absolute". */
  readonly marginStrategy?: "absolute" | "relative";
  /** Whether the other rows' anchors are wrong answers too. Default true. */
  readonly contrastAnchors?: boolean;
  /** Whether the other rows' positives are wrong answers to a row's positive. Default true. */
  readonly contrastPositives?: boolean;
  /** "leaveOut": a text that equals a row's own answer is no wrong answer to it, whatever the guide says. "keep": the guide alone decides, as in sentence-transformers. Default "leaveOut". */
  readonly equalTexts?: "leaveOut" | "keep";
};

const rules = v.strictObject({
  scale: v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()), 100),
  margin: v.optional(v.pipe(v.number(), v.finite()), 0),
  marginStrategy: v.optional(v.picklist(["absolute", "relative"]), "absolute"),
  contrastAnchors: v.optional(v.boolean(), true),
  contrastPositives: v.optional(v.boolean(), true),
  equalTexts: v.optional(v.picklist(["leaveOut", "keep"]), "leaveOut"),
});

type Choice = v.InferOutput<typeof rules>;

/**
 * The in-batch contrastive loss with a guide: another model says which other texts of the batch are no wrong answers.
 *
 * Columns are anchors, positives, and any number of columns of negatives. With tᵢ the guide's cosine of anchorᵢ and positiveᵢ, a candidate
 * x of row i, other than positiveᵢ, counts only if
 *
 *     guide(i, x) ≤ tᵢ − margin        or, relative,        guide(i, x) ≤ tᵢ − |tᵢ| · margin
 *
 * where guide(i, x) is the guide's cosine of x with anchorᵢ, or with positiveᵢ where that is compared. The candidates are all positives and
 * negatives for anchorᵢ, all anchors for anchorᵢ, and all positives for positiveᵢ; over those that count
 *
 *     loss = Σ_i (log Σ_x exp(scale · cos(i, x)) − scale · cos(anchorᵢ, positiveᵢ)) / B
 *
 * It is a loss over rows. The guide's vectors are data, `vectors.guide`: made by a pool of encoders before the step, once a text.
 *
 * Against sentence-transformers' `GISTEmbedLoss`: its `temperature` is 1 / `scale`; any number of columns of negatives; where text ids are
 * used, a row's own anchor and positive are never among its wrong answers, and equal texts are none.
 *
 * @throws ConfigError for an option out of range
 * @see Solatorio (2024), GISTEmbed: guided in-sample selection of training negatives for text embedding fine-tuning, section 3.
 *
 * @example
 * ```ts
 * import { gist } from "@kindred/contrastive-loss";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[2, 1], [1, 2]])];
 * const textIds = [Int32Array.of(0, 1), Int32Array.of(2, 3)];
 * const rows = (...values: number[]) => ({ embeddings: Float32Array.from(values), dimension: 2 });
 * const apart = { guide: [rows(1, 0, 0, 1), rows(1, 0, 0, 1)] };
 * lossShare(gist({ scale: 1 }), columns, { textIds, vectors: apart }).dataSync(); // => [1.0846]
 * const alike = { guide: [rows(1, 0, 1, 0), rows(1, 1, 1, 1)] }; // to this guide every text answers every other
 * lossShare(gist({ scale: 1, margin: 0.01 }), columns, { textIds, vectors: alike }).dataSync(); // => [0.0]
 * ```
 */
export function gist(given: GistOptions = {}): Loss {
  const options = lossOptions("gist", rules, given);
  return knownLoss({
    name: "gist",
    options,
    over: "rows",
    needs: { texts: { least: 2 }, vectors: ["guide"], ...(options.equalTexts === "leaveOut" && { textIds: true }) },
    value: (columns, context) => guidedShare(columns, context, options),
  });
}

/** Vectors that are compared, a core's own rows with candidates of the whole batch: the model's, and beside them the guide's. */
type Block = {
  readonly seekers: Float<"batch hidden">;
  readonly candidates: Float<"columns hidden">;
  readonly guideSeekers: Float<"batch hidden">;
  readonly guideCandidates: Float<"columns hidden">;
};

function guidedShare(columns: readonly Float<"batch hidden">[], context: LossContext, options: Choice): Float<""> {
  // `!`: there are as many columns, of own rows and of all, and of the guide's, as the loss was given: two or more.
  const own = columns.map((column) => l2Normalize(column));
  const all = own.map((column) => context.gather(column));
  const [guideOwn, guideAll] = [guideUnits(context), guideUnits(context.batch)];
  const { contrastAnchors, contrastPositives, margin, marginStrategy } = options;
  const [anchor, positive] = [0, 1];
  const block = (seeker: number, among: readonly number[]): Block => ({
    seekers: own[seeker]!,
    candidates: concatRows(among.map((column) => all[column]!)),
    guideSeekers: guideOwn[seeker]!,
    guideCandidates: concatRows(among.map((column) => guideAll[column]!)),
  });
  const { firstRow, totalRows } = context;
  const count = own[anchor]!.shape[0] ?? 0;
  const right = rowDot(guideOwn[anchor]!, guideOwn[positive]!);
  const least =
    marginStrategy === "relative" ? subtract(right, scaled(absolute(right), margin)) : shift(right, -margin);
  const blocks = [
    guidedScores(block(anchor, [...columns.keys()].slice(1)), least, { ...options, rightFrom: firstRow }),
    ...(contrastAnchors ? [guidedScores(block(anchor, [anchor]), least, options)] : []),
    ...(contrastPositives ? [guidedScores(block(positive, [positive]), least, options)] : []),
  ];
  const labels = Int32Array.from({ length: count }, (_, row) => firstRow + row);
  const excluded = equalTexts({ firstRow, count, batch: totalRows, columns: columns.length }, context, options);
  const losses = softmaxCrossEntropy(concatFeatures(blocks), labels, excluded && { excluded });
  return scaled(sum(losses), 1 / totalRows);
}

/** The guide's vectors of each column at length 1, as constants. */
function guideUnits({ vectors }: Pick<LossContext, "vectors">): Float<"batch hidden">[] {
  return (vectors["guide"] ?? []).map((rows) => l2Normalize(vectorRows(rows)));
}

/** What a score becomes whose candidate does not count: its exponential is 0. */
const leftOut = -1e30;

/** The scores of a block, those far below all others that the guide finds above `least`. From `rightFrom` on, row i's right answer stays. */
function guidedScores(
  { seekers, candidates, guideSeekers, guideCandidates }: Block,
  least: Float<"batch">,
  { scale, rightFrom }: { readonly scale: number; readonly rightFrom?: number },
): Float<"batch columns"> {
  const scores = matmulTransposed(scaled(seekers, scale), candidates);
  const guided = matmulTransposed(guideSeekers, guideCandidates);
  const penalties = tf.mul(tf.cast(tf.greater(guided, tf.expandDims(least, 1)), "float32"), leftOut);
  if (rightFrom === undefined) return add(scores, penalties);
  const [count = 0, width = 0] = scores.shape;
  const isRight = new Uint8Array(count * width);
  for (let row = 0; row < count; row++) isRight[row * width + rightFrom + row] = 1;
  return add(scores, select(isRight, tf.zerosLike(penalties), penalties));
}

/** The candidates, of all blocks side by side, that equal texts rule out; undefined where they are kept. */
function equalTexts(
  rows: Omit<ScoredRows, "textIds">,
  { batch: { textIds } }: LossContext,
  options: Choice,
): Uint8Array | undefined {
  if (options.equalTexts === "keep") return undefined;
  const masks = [
    excludedCandidates(["queryToDoc"], { ...rows, textIds }),
    ...(options.contrastAnchors ? [excludedCandidates(["queryToQuery"], { ...rows, textIds })] : []),
    ...(options.contrastPositives
      ? [excludedCandidates(["docToDoc"], { ...rows, columns: 2, textIds: textIds.slice(0, 2) })]
      : []),
  ].flatMap((mask) => mask ?? []); // with text ids there is one always
  const widths = masks.map((mask) => mask.length / rows.count);
  const joined = new Uint8Array(masks.reduce((total, mask) => total + mask.length, 0));
  let to = 0;
  for (let row = 0; row < rows.count; row++)
    for (const [i, mask] of masks.entries()) {
      const width = widths[i] ?? 0;
      joined.set(mask.subarray(row * width, (row + 1) * width), to);
      to += width;
    }
  return joined;
}
