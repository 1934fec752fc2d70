import { linearSpecs } from "@kindred/encoder";
import { ConfigError, ShapeError } from "@kindred/errors";
import { knownLoss, type Loss, type LossContext, lossOptions, rowDistances } from "@kindred/loss";
import { add, l2Normalize, linear, scale, sliceFeatures, sum } from "@kindred/nn";
import { expectShapes, type Float } from "@kindred/tensor";
import * as v from "valibot";
import { teacherRows } from "./teacher-rows.ts";

/** Every choice in {@link embeddingDistillation}. */
export type EmbeddingDistillationOptions = {
  /** "cosine": 1 − cosine. "mse": the mean of the squared differences. "euclidean": the length of the difference. Default "cosine". */
  readonly distance?: "cosine" | "mse" | "euclidean";
  /** The student's vectors' length. Needed for a projection, and around it all for Matryoshka. Default: the teacher's. */
  readonly dimension?: number;
  /** The teacher's vectors' length, where the student's are to be projected into the teacher's space. Default: no projection. */
  readonly projection?: number;
};

const size = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));
const rules = v.strictObject({
  distance: v.optional(v.picklist(["cosine", "mse", "euclidean"]), "cosine"),
  dimension: size,
  projection: size,
});

/**
 * A student's vectors should be its teacher's: the mean distance, over all texts of all columns.
 *
 *     loss = Σ_c Σ_i distance(s_ci, teacher_ci) / (columns · B)        with s the student's vector, or projection · s + bias
 *
 * It needs texts alone, one a row or more: no pairs, no labels. The teacher's vectors are data, `vectors.teacher`: made by a pool of
 * encoders before the step. The projection is a linear layer of the loss's own (`parameters`), trained beside the student and left out of
 * the saved model; without one the student's vectors lie in the teacher's space, so that either finds what the other encoded. A loss over
 * rows.
 *
 * Inside `matryoshka` vectors shorter than `dimension` are held to the teacher's first numbers, brought to length 1; with a projection they
 * count as followed by zeros, and are held to the whole of the teacher's.
 *
 * As sentence-transformers' `EmbedDistillLoss` ("euclidean" is its "l2") and `MSELoss`, which do not bring cut teacher vectors to length 1.
 *
 * @throws ConfigError for an option out of range, and a projection without `dimension`. The value throws a ShapeError where the vectors
 * are of another length than the teacher's.
 * @see Kim et al. (2023), EmbedDistill: a geometric knowledge distillation for information retrieval, equations 7 and 8; Reimers, Gurevych
 * (2020), Making monolingual sentence embeddings multilingual using knowledge distillation, section 2.
 *
 * @example
 * ```ts
 * import { embeddingDistillation } from "@kindred/distillation-losses";
 * import { lossShare } from "@kindred/loss";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const vectors = { teacher: [{ embeddings: Float32Array.of(0, 1, 4, 3), dimension: 2 }] };
 * const student = [tf.tensor2d([[0, 2], [1, 0]])];
 * lossShare(embeddingDistillation(), student, { vectors }).dataSync(); // => [0.1]
 * lossShare(embeddingDistillation({ distance: "mse" }), student, { vectors }).dataSync(); // => [4.75]
 * ```
 */
export function embeddingDistillation(given: EmbeddingDistillationOptions = {}): Loss {
  const options = lossOptions("embedding-distillation", rules, given);
  const { dimension, projection } = options;
  if (projection !== undefined && dimension === undefined)
    throw new ConfigError(
      `embedding-distillation: a projection needs the student's dimension. Got projection ${projection}, expected dimension too.`,
      { projection },
    );
  return knownLoss({
    name: "embedding-distillation",
    options,
    over: "rows",
    needs: {
      texts: { least: 1 },
      vectors: ["teacher"],
      ...(dimension !== undefined && { dimensions: { teacher: projection ?? dimension } }),
    },
    // First values as long as the student's vectors: a deviation of 1/√dimension.
    ...(projection !== undefined &&
      dimension !== undefined && {
        parameters: linearSpecs("projection", { out: projection, in: dimension, deviation: dimension ** -0.5 }),
      }),
    value: (columns, context) => {
      const ofColumns = columns.map((student, column) => {
        const pair =
          projection === undefined ? cut(student, context, column, dimension) : projected(student, context, column);
        return sum(rowDistances(...pair, options.distance));
      });
      return scale(ofColumns.reduce(add), 1 / (columns.length * context.totalRows));
    },
  });
}

/** A student's vectors, and the teacher's that they are held to. */
type Pair = readonly [student: Float<"batch hidden">, teacher: Float<"batch hidden">];

/** The student's vectors as they are, and of the teacher's as much as the student's are cut to. */
function cut(student: Float, context: LossContext, column: number, dimension: number | undefined): Pair {
  const { hidden } = expectShapes("embedding-distillation", { vectors: [student, "batch hidden"] });
  const teacher = teacherRows(context, column);
  const [, length = 0] = teacher.shape;
  if (hidden === length) return [student, teacher];
  if (dimension === length && hidden < length) return [student, l2Normalize(sliceFeatures(teacher, 0, hidden))];
  throw new ShapeError(
    `embedding-distillation: the teacher's vectors are of another length. Got ${length}, and ${hidden} of the student's, expected as many. ` +
      `Project the student's: projection = ${length} (--projection ${length}).`,
    { student: hidden, teacher: length },
  );
}

/** The student's vectors in the teacher's space. */
function projected(student: Float, context: LossContext, column: number): Pair {
  const { hidden } = expectShapes("embedding-distillation", { vectors: [student, "batch hidden"] });
  const { "projection.weight": weight, "projection.bias": bias } = context.parameters;
  const teacher = teacherRows(context, column);
  if (weight === undefined || bias === undefined || weight.shape[0] !== teacher.shape[1])
    throw new ShapeError(
      `embedding-distillation: the projection does not lead into the teacher's space. Got ${weight?.shape[0]}, and teacher's vectors of ` +
        `${teacher.shape[1]}, expected as many: projection = ${teacher.shape[1]} (--projection ${teacher.shape[1]}).`,
      { projection: weight?.shape[0], teacher: teacher.shape[1] },
    );
  const used: Float<"hidden in"> = weight.shape[1] === hidden ? weight : sliceFeatures(weight, 0, hidden);
  return [linear(student, used, bias), teacher];
}
