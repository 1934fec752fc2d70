import { ConfigError, ShapeError } from "@kindred/errors";
import { add, scale, sliceRows, sum } from "@kindred/nn";
import { activeEngine, type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Loss, type LossContext, type LossShareOptions, lossShare } from "./index.ts";

beforeAll(() => tfjs().start());

const plain = { name: "plain", options: {} } as const;

/** The mean over rows of score · Σ first + Σ second, in either form; as JavaScript would add it up: in `reference`. */
const weighted: { readonly [over in "rows" | "batch"]: Loss } = {
  rows: { ...plain, over: "rows", needs: { scores: "row" }, value: weightedSum },
  batch: { ...plain, over: "batch", needs: { scores: "row" }, value: weightedSum },
};

function weightedSum(columns: readonly Float<"batch hidden">[], { scores, totalRows }: LossContext): Float<""> {
  const [first, second] = columns as [Float<"batch hidden">, Float<"batch hidden">];
  const rows = Array.from(scores, (score, row) => scale(sum(sliceRows(first as tf.Tensor, row, 1)), score));
  return scale([...rows, sum(second)].reduce(add), 1 / totalRows);
}

test("worked by hand: one core's share is the loss", () => {
  const columns = [
    tf.tensor2d([
      [1, 2],
      [3, 4],
    ]),
    tf.tensor2d([
      [1, 1],
      [0, 1],
    ]),
  ];
  // (2 · 3 + 10 · 7 + 3) / 2
  for (const loss of Object.values(weighted)) {
    expect([...lossShare(loss, columns, { scores: Float32Array.of(2, 10) }).dataSync()]).toEqual([39.5]);
  }
});

const batches = fc
  .record({ rows: fc.integer({ min: 2, max: 8 }), hidden: fc.integer({ min: 1, max: 4 }) })
  .chain(({ rows, hidden }) => {
    const cells = fc.array(fc.integer({ min: -64, max: 64 }), { minLength: rows * hidden, maxLength: rows * hidden });
    return fc.record({
      columns: fc.tuple(cells, cells),
      scores: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: rows, maxLength: rows }),
      cut: fc.integer({ min: 1, max: rows - 1 }),
      rows: fc.constant(rows),
      hidden: fc.constant(hidden),
    });
  });

test("shares of cores that gather, and the gradients through them, add up to the whole's, over rows and over the batch", () => {
  const check = (cores: number) =>
    fc.assert(
      fc.property(batches, fc.constantFrom("rows" as const, "batch" as const), (batch, over) => {
        const [rows, hidden] = [batch.rows, batch.hidden];
        const scores = Float32Array.from(batch.scores);
        const whole = batch.columns.map((cells) => tf.tensor2d(cells, [rows, hidden]));
        const one = read(whole, () => lossShare(weighted[over], whole, { scores }));
        const parts = [
          [0, batch.cut],
          [batch.cut, rows - batch.cut],
        ] as const;
        const shares = parts.map(([firstRow, count]) =>
          read(whole, () => {
            const own = whole.map((column): tf.Tensor => sliceRows(column as tf.Tensor, firstRow, count));
            const gather = (mine: Float<"batch hidden">): tf.Tensor => whole[own.indexOf(mine as tf.Tensor)]!;
            return lossShare(weighted[over], own, { scores, gather, firstRow, totalRows: rows, cores });
          }),
        );
        tf.dispose(whole);
        // Sums of whole numbers are exact. What is rounded, a few times by 2^-24, is their division by rows and cores, and a row's part of
        // the loss is at most 8 · 4 · 64 + 4 · 64 = 2304.
        const [first, second] = shares as [Float64Array, Float64Array];
        const sum = first.map((x, i) => x + (second[i] ?? 0));
        expect(sum).toBeCloseToArray(one, { tolerance: 4 * 2 ** -24 * 2304 });
      }),
    );
  check(2);
  expectMutantToFail(() => check(1)); // a loss over the batch that is not divided
});

/** The value of f, then the gradients of all columns, zeros where there is none. */
function read(columns: readonly tf.Tensor[], f: () => Float<"">): Float64Array {
  const { value, gradients } = valueAndGradients(f, Object.fromEntries(columns.map((column, i) => [`${i}`, column])));
  const all = columns.flatMap(({ size }, i) => [...(gradients[`${i}`]?.dataSync() ?? new Float32Array(size))]);
  const numbers = Float64Array.of(value.dataSync()[0]!, ...all);
  tf.dispose([value, gradients] as tf.TensorContainer);
  return numbers;
}

/** A loss that gives its context out and is 0. */
function spy(needs: Loss["needs"], over: "rows" | "batch", seen: LossContext[]): Loss {
  return {
    ...plain,
    over,
    ...(needs && { needs }),
    value: ([rows], context) => {
      seen.push(context);
      return scale(sum(rows!), 0);
    },
  };
}

const everything = {
  scores: Float32Array.of(1, 2, 3, 4, 5, 6),
  labels: Int32Array.of(7, 8, 9),
  textIds: [Int32Array.of(1, 2, 3), Int32Array.of(4, 5, 6), Int32Array.of(7, 8, 9)],
  groups: Int32Array.of(0, 1, 0),
  sources: Int32Array.of(2, 0, 1),
  vectors: {
    guide: [0, 1, 2].map((c) => ({ embeddings: Float32Array.of(c, c, c + 1, c + 1, c + 2, c + 2), dimension: 2 })),
  },
};
const needsAll = {
  scores: "candidate",
  labels: true,
  textIds: true,
  groups: true,
  sources: true,
  vectors: ["guide"],
} as const;

test("a loss over rows sees its own rows' data and the batch's, one over the batch the batch's twice", () => {
  const seen: LossContext[] = [];
  const own = [0, 1, 2].map(() => tf.ones<tf.Rank.R2>([1, 2]));
  const place: LossShareOptions = { firstRow: 1, totalRows: 3, cores: 3, gather: () => tf.ones([3, 2]) };
  for (const over of ["rows", "batch"] as const) lossShare(spy(needsAll, over, seen), own, { ...everything, ...place });
  const [rows, batch] = seen;
  expect(rows).toMatchObject({
    firstRow: 1,
    totalRows: 3,
    scores: Float32Array.of(3, 4),
    labels: Int32Array.of(8),
    groups: Int32Array.of(1),
    sources: Int32Array.of(0),
    textIds: [Int32Array.of(2), Int32Array.of(5), Int32Array.of(8)],
    vectors: { guide: [1, 2, 3].map((x) => ({ embeddings: Float32Array.of(x, x), dimension: 2 })) },
    batch: everything,
  });
  expect(batch).toMatchObject({ firstRow: 0, totalRows: 3, ...everything, batch: everything });
});

test("what a loss does not need it does not see", () => {
  const seen: LossContext[] = [];
  const columns = [0, 1, 2].map(() => tf.ones<tf.Rank.R2>([3, 2]));
  lossShare(spy(undefined, "batch", seen), columns, everything);
  expect(seen[0]).toMatchObject({
    scores: new Float32Array(),
    labels: new Int32Array(),
    textIds: [],
    groups: new Int32Array(),
    sources: new Int32Array(),
    vectors: {},
  });
});

test("what is missing or does not fit is refused by name", () => {
  const columns = [tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([3, 2])];
  const wide = tf.ones<tf.Rank.R2>([3, 5]);
  const needing = (needs: Loss["needs"]): Loss => spy(needs, "batch", []);
  const refused: readonly (readonly [() => unknown, typeof ConfigError | typeof ShapeError, string])[] = [
    [
      () => lossShare(needing({ scores: "row" }), columns),
      ConfigError,
      "plain: the loss needs scores. Got none, expected 3",
    ],
    [() => lossShare(needing({ labels: true }), columns), ConfigError, "the loss needs labels"],
    [() => lossShare(needing({ textIds: true }), columns), ConfigError, "the loss needs text ids, by column,"],
    [() => lossShare(needing({ vectors: ["guide"] }), columns), ConfigError, "needs vectors of guide, by column,"],
    [
      () => lossShare(needing({ scores: "row" }), columns, everything),
      ShapeError,
      "scores do not fit. Got 6, expected 3",
    ],
    [() => lossShare(needing({ textIds: true }), columns, everything), ShapeError, "Got 3, expected 2"],
    [
      () => lossShare(needing({ texts: { least: 3, most: 3 } }), columns),
      ShapeError,
      "Got 2, expected 3: one for each",
    ],
    [
      () => lossShare(needing({ texts: { least: 1, most: 1 } }), columns),
      ShapeError,
      "Got 2, expected 1: one for each",
    ],
    [() => lossShare(needing(undefined), [columns[0]!]), ShapeError, "Got 1, expected 2 or more"],
    [() => lossShare(needing(undefined), [columns[0]!, wide]), ShapeError, "plain: "],
    [
      () => lossShare(needing(undefined), columns, { firstRow: 1 }),
      ShapeError,
      "this core's rows are not among the batch's",
    ],
    [
      () =>
        lossShare({ ...needing(undefined), parameters: [{ name: "projection", shape: [1], kind: "shift" }] }, columns),
      ShapeError,
      "plain: parameter projection is missing",
    ],
    [
      () => lossShare({ ...needing(undefined), value: ([x]) => x as Float as Float<""> }, columns),
      ShapeError,
      "the loss's value is no scalar. Got float32 [3, 2]",
    ],
  ];
  for (const [call, error, message] of refused) {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  }
  tf.dispose([columns, wide]);
});

test("nothing stays in memory", () => {
  const columns = [tf.ones<tf.Rank.R2>([3, 2]), tf.ones<tf.Rank.R2>([3, 2])];
  const options = { scores: Float32Array.of(1, 2, 3), cores: 2 };
  read(columns, () => lossShare(weighted.batch, columns, options));
  const before = activeEngine().memory();
  read(columns, () => lossShare(weighted.batch, columns, options));
  expect(activeEngine().memory()).toEqual(before);
  tf.dispose(columns);
});
