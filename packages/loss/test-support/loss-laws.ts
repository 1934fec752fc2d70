import { activeEngine, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Loss, lossShare, type LossShareOptions } from "../src/index.ts";

/** Rows of a column. */
export type Matrix = readonly (readonly number[])[];

/** A batch as a loss is given it, in plain numbers. */
export type Batch = {
  readonly columns: readonly Matrix[];
  /** A row's scores, one after another. */
  readonly scores: readonly (readonly number[])[];
  readonly labels: readonly number[];
  /** Of each column the number of a row's text. */
  readonly textIds: readonly (readonly number[])[];
  /** By model the vectors of each column's texts. */
  readonly vectors: { readonly [model: string]: readonly Matrix[] };
};

/** A loss with options that were drawn, and what it is in float64. */
export type DrawnLoss = { readonly loss: Loss; readonly reference: (batch: Batch) => number };

export type LossLaw = {
  /** Rows, and texts of each. */
  readonly rows?: { readonly min?: number; readonly max?: number };
  readonly columns: { readonly min: number; readonly max: number };
  /** The length of vectors. Default from 1 to 5. */
  readonly hidden?: { readonly min: number; readonly max: number };
  readonly scores?: "row" | "candidate" | "margin";
  /** Labels are drawn from 0 to this. Default 1. */
  readonly labels?: number;
  readonly losses: fc.Arbitrary<DrawnLoss>;
  /** References that are wrong: the law of values must notice each. */
  readonly mutants: { readonly [what: string]: (drawn: DrawnLoss) => DrawnLoss };
  /** What a value, and an entry of a gradient, may be off, of its size where that is above 1. */
  readonly tolerance: number;
};

function batches({
  rows = {},
  columns,
  hidden = { min: 1, max: 5 },
  scores,
  labels = 1,
}: LossLaw): fc.Arbitrary<Batch> {
  return fc
    .record({
      rows: fc.integer({ min: rows.min ?? 1, max: rows.max ?? 6 }),
      columns: fc.integer(columns),
      hidden: fc.integer(hidden),
      seed: fc.nat(1_000_000),
    })
    .chain(({ rows, columns, hidden, seed }) => {
      // Away from zero: there a cosine's gradient is a rounding error divided by the row's length.
      const matrix = (part: number): number[][] => {
        const values = floatsFromSeed(seed + 1000 * part, rows * hidden);
        return Array.from({ length: rows }, (_, i) =>
          Array.from({ length: hidden }, (_, h) => values[i * hidden + h]! + (h === 0 ? 2.5 : 0)),
        );
      };
      const width = { row: 1, candidate: columns - 1, margin: columns - 2, none: 0 }[scores ?? "none"];
      const ofRows = <T>(cell: fc.Arbitrary<T>) => fc.array(cell, { minLength: rows, maxLength: rows });
      const all = Array.from({ length: columns }, (_, c) => c);
      return fc.record({
        columns: fc.constant(all.map(matrix)),
        scores: ofRows(
          fc.array(
            fc.integer({ min: -4, max: 4 }).map((x) => x / 4),
            { minLength: width, maxLength: width },
          ),
        ),
        labels: ofRows(fc.nat(labels)),
        textIds: fc.array(ofRows(fc.nat(5)), { minLength: columns, maxLength: columns }),
        vectors: fc.constant({
          guide: all.map((c) => matrix(20 + c)),
          teacher: all.map((c) => matrix(40 + c)),
        }),
      });
    });
}

function dataOf({ scores, labels, textIds, vectors }: Batch): LossShareOptions {
  const rowsOf = (matrix: Matrix) => ({ embeddings: Float32Array.from(matrix.flat()), dimension: matrix[0]!.length });
  return {
    scores: Float32Array.from(scores.flat()),
    labels: Int32Array.from(labels),
    textIds: textIds.map((ids) => Int32Array.from(ids)),
    vectors: Object.fromEntries(Object.entries(vectors).map(([model, columns]) => [model, columns.map(rowsOf)])),
  };
}

/** The loss and the gradient of each column, flat. */
function share(loss: Loss, batch: Batch): { value: number; gradients: Float32Array[] } {
  const tensors = batch.columns.map((column) => tf.tensor2d(column as number[][]));
  const named = Object.fromEntries(tensors.map((column, c) => [`${c}`, column]));
  const { value, gradients } = valueAndGradients(() => lossShare(loss, tensors, dataOf(batch)), named);
  const result = {
    value: value.dataSync()[0]!,
    gradients: tensors.map(({ size }, c) => Float32Array.from(gradients[c]?.dataSync() ?? new Float32Array(size))),
  };
  tf.dispose([value, gradients, tensors] as tf.TensorContainer);
  return result;
}

/** The batch with other numbers in one column. */
function withColumn({ columns, ...rest }: Batch, c: number, flat: Float64Array): Batch {
  const hidden = columns[c]![0]!.length;
  const moved = columns[c]!.map((_, i) => [...flat.slice(i * hidden, (i + 1) * hidden)]);
  return { ...rest, columns: columns.map((column, d) => (d === c ? moved : column)) };
}

/** The tests that every loss of its own file passes. */
export function lossLaws(law: LossLaw): void {
  beforeAll(() => tfjs().start());
  const drawn = fc.tuple(batches(law), law.losses);

  const checkValues = (change: (drawn: DrawnLoss) => DrawnLoss) =>
    fc.assert(
      fc.property(drawn, ([batch, one]) => {
        const { loss } = one;
        const expected = change(one).reference(batch);
        const difference = Math.abs(share(loss, batch).value - expected);
        expect(difference).toBeLessThanOrEqual(law.tolerance * Math.max(1, Math.abs(expected)));
      }),
      { numRuns: 120 },
    );

  test("the value equals the float64 reference", () => checkValues((one) => one));

  test.each(Object.entries(law.mutants))("a mutant is noticed: %s", (_, mutant) => {
    expectMutantToFail(() => checkValues(mutant));
  });

  test("the gradient equals the reference's finite differences", () => {
    fc.assert(
      fc.property(drawn, ([batch, { loss, reference }]) => {
        const { gradients } = share(loss, batch);
        for (const [c, column] of batch.columns.entries()) {
          const at = (flat: Float64Array) => reference(withColumn(batch, c, flat));
          const expected = finiteDifferences(at, column.flat());
          const nearer = finiteDifferences(at, column.flat(), { step: 2e-6 });
          // Beside a kink the two sides differ, and differences of two lengths with them: nothing to compare with.
          fc.pre(expected.every((x, i) => Math.abs(x - nearer[i]!) < 1e-7 * Math.max(1, Math.abs(x))));
          const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
          const shape = [column.length, column[0]!.length];
          expect(gradients[c]).toBeCloseToArray(expected, { tolerance: 1e-7 + 2 * law.tolerance * largest, shape });
        }
      }),
      { numRuns: 60 },
    );
  });

  test("the value is unchanged by permuting the rows with their data", () => {
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.nat()), ([batch, { loss }], keys) => {
        const order = batch.labels.map((_, i) => ({ i, key: keys.next().value! })).sort((a, b) => a.key - b.key);
        const permuted = <T>(all: readonly T[]) => order.map(({ i }) => all[i]!);
        const { vectors } = batch;
        const other: Batch = {
          columns: batch.columns.map(permuted),
          scores: permuted(batch.scores),
          labels: permuted(batch.labels),
          textIds: batch.textIds.map(permuted),
          vectors: Object.fromEntries(
            Object.entries(vectors).map(([model, columns]) => [model, columns.map(permuted)]),
          ),
        };
        const { value } = share(loss, batch);
        expect(Math.abs(share(loss, other).value - value)).toBeLessThanOrEqual(
          law.tolerance * Math.max(1, Math.abs(value)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("nothing stays in memory", () => {
    const [[batch, { loss }]] = fc.sample(drawn, { numRuns: 1, seed: 1 }) as [[Batch, DrawnLoss]];
    share(loss, batch);
    const before = activeEngine().memory();
    share(loss, batch);
    expect(activeEngine().memory()).toEqual(before);
  });
}

// Plain arithmetic for references.
export const sumOf = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);
export const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;
export const dotOf = (a: readonly number[], b: readonly number[]): number => sumOf(a.map((x, i) => x * b[i]!));
export const unit = (a: readonly number[]): number[] => a.map((x) => x / Math.sqrt(dotOf(a, a)));
export const cosineOf = (a: readonly number[], b: readonly number[]): number => dotOf(unit(a), unit(b));
export const logSumExpOf = (values: readonly number[]): number => {
  const top = Math.max(...values);
  return top + Math.log(sumOf(values.map((x) => Math.exp(x - top))));
};
export const distanceOf = (
  a: readonly number[],
  b: readonly number[],
  distance: "cosine" | "euclidean" | "manhattan",
): number => {
  const difference = a.map((x, i) => x - b[i]!);
  if (distance === "cosine") return 1 - cosineOf(a, b);
  return distance === "manhattan" ? sumOf(difference.map(Math.abs)) : Math.sqrt(dotOf(difference, difference));
};
