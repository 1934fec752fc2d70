import { knownLoss, type Loss, type LossContext, lossOptions } from "@kindred/loss";
import {
  add,
  concatFeatures,
  concatRows,
  l2Normalize,
  logSumExp,
  matmulTransposed,
  rowDot,
  scale as scaled,
  subtract,
  sum,
} from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import * as v from "valibot";
import { teacherRows } from "./teacher-rows.ts";

/** Every choice in {@link scoreMatching}. */
export type ScoreMatchingOptions = {
  /**
   * "scores": the data have the teacher's score for each text after the first, and a row's own texts are compared. "teacher": the
   * teacher's vectors are, with all texts of the batch. Default "scores".
   */
  readonly targets?: "scores" | "teacher";
  /** Default "dot" for scores, "cosine" for a teacher. */
  readonly similarity?: "cosine" | "dot";
  /** The student's similarities are multiplied by it: 1 / temperature. Default 1 for scores, 20 for a teacher. */
  readonly scale?: number;
  /** The teacher's scores are multiplied by it. Default: as `scale`. */
  readonly teacherScale?: number;
};

const factor = v.optional(v.pipe(v.number(), v.gtValue(0), v.finite()));
const rules = v.strictObject({
  targets: v.optional(v.picklist(["scores", "teacher"]), "scores"),
  similarity: v.optional(v.picklist(["cosine", "dot"])),
  scale: factor,
  teacherScale: factor,
});

/**
 * A student should find a text's candidates as likely as its teacher does: the divergence of the two softmaxes.
 *
 *     p_i = softmax(teacherScale · teacher's scores of i)        q_i = softmax(scale · sim(i, candidates))
 *     loss = Σ_i Σ_x p_ix (log p_ix − log q_ix) / (B · scale²)
 *
 * With "scores" the candidates of a row are its own texts after the first, and the data say what the teacher finds of each. With "teacher"
 * they are the texts after the first of all rows of the batch, scored by the teacher's vectors, made by a pool of encoders before the step; rows of
 * one text are compared with the other rows'. So it needs sentences alone, and teaches the order of neighbours rather than a place in
 * space. Dividing by scale² keeps the gradient's size where the scale is changed. A loss over rows. 0 where the student agrees.
 *
 * With scores as sentence-transformers' `DistillKLDivLoss`, whose temperatures are 1 / `scale` and 1 / `teacherScale`.
 *
 * @throws ConfigError for an option out of range
 * @see Hinton, Vinyals, Dean (2015), Distilling the knowledge in a neural network, section 2; Lin, Yang, Lin (2020), Distilling dense
 * representations for ranking using tightly-coupled teachers, section 3.
 *
 * @example
 * ```ts
 * import { scoreMatching } from "@kindred/distillation-losses";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const columns = [[[1, 2]], [[3, 1]], [[0, 1]]].map((rows) => tf.tensor2d(rows)); // products 5 and 2
 * lossShare(scoreMatching(), columns, { scores: Float32Array.of(3, 0) }).dataSync(); // => [0.0]
 * lossShare(scoreMatching(), columns, { scores: Float32Array.of(0, 3) }).dataSync(); // => [2.7154]
 * ```
 */
export function scoreMatching(given: ScoreMatchingOptions = {}): Loss {
  const asked = lossOptions("score-matching", rules, given);
  const { targets } = asked;
  const usual =
    targets === "scores" ? ({ similarity: "dot", scale: 1 } as const) : ({ similarity: "cosine", scale: 20 } as const);
  const { similarity = usual.similarity, scale = usual.scale, teacherScale = scale } = asked;
  return knownLoss({
    name: "score-matching",
    options: { targets, similarity, scale, teacherScale },
    over: "rows",
    needs:
      targets === "scores"
        ? { texts: { least: 3 }, scores: "candidate" }
        : { texts: { least: 1 }, vectors: ["teacher"] },
    value: (columns, context) => {
      const scores = targets === "scores" ? ownScores : batchScores;
      const { student, teacher } = scores(columns, context, similarity);
      const total = divergence(scaled(student, scale), scaled(teacher, teacherScale));
      return scaled(total, 1 / (scale * scale * context.totalRows));
    },
  });
}

/** How alike a row's text and its candidates are: by the student, and by the teacher, of whom no gradient is wanted. */
type Scores = { readonly student: Float<"batch columns">; readonly teacher: Float<"batch columns"> };

/** Of each row's first text with its others, and what the data say of them. */
function ownScores(
  columns: readonly Float<"batch hidden">[],
  { scores }: LossContext,
  similarity: "cosine" | "dot",
): Scores {
  const [query, ...candidates] = similarity === "cosine" ? columns.map((rows) => l2Normalize(rows)) : columns;
  const ofCandidates = candidates.map(
    (candidate): Float<"batch 1"> => tf.expandDims(rowDot(query!, candidate), 1), // `!`: it takes three columns or more
  );
  const student: Float<"batch columns"> = concatFeatures(ofCandidates);
  return { student, teacher: tf.tensor2d(scores, student.shape as [number, number]) }; // concatFeatures gives a matrix
}

/** What takes a candidate out of both softmaxes. */
const leftOut = -1e30;

/** Of each row's first text with all texts after the first of the batch; of rows of one text, with the other rows'. */
function batchScores(
  columns: readonly Float<"batch hidden">[],
  context: LossContext,
  similarity: "cosine" | "dot",
): Scores {
  const ready = <Rows extends string>(rows: Float<`${Rows} hidden`>) =>
    similarity === "cosine" ? l2Normalize(rows) : rows;
  const { firstRow, batch, gather } = context;
  const among = columns.length === 1 ? [0] : [...columns.keys()].slice(1);
  const own = columns.map((rows) => ready(rows));
  // `!`: there is a column at least
  const candidates: Float<"columns hidden"> = concatRows(among.map((column) => gather(own[column]!)));
  const student = matmulTransposed(own[0]!, candidates);
  const ofTeacher: Float<"columns hidden"> = concatRows(among.map((column) => ready(teacherRows(batch, column))));
  const teacher = matmulTransposed(ready(teacherRows(context, 0)), ofTeacher);
  if (columns.length > 1) return { student, teacher };
  const [count = 0, width = 0] = student.shape;
  const penalties = new Float32Array(count * width);
  for (let row = 0; row < count; row++) penalties[row * width + firstRow + row] = leftOut; // a text is no candidate of its own
  const ownPlaces: Float<"batch columns"> = tf.tensor2d(penalties, [count, width]);
  return { student: add(student, ownPlaces), teacher: add(teacher, ownPlaces) };
}

/** Σ p (log p − log q) over all rows, with p and q the softmaxes of the teacher's and the student's scores. */
function divergence(student: Float<"batch columns">, teacher: Float<"batch columns">): Float<""> {
  const likely: Float<"batch columns"> = tf.softmax(teacher);
  const surprise = subtract(logSumExp(student), rowDot(likely, student));
  const least = subtract(logSumExp(teacher), rowDot(likely, teacher));
  return sum(subtract(surprise, least));
}
