import { activeEngine, type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { batch, oneWayOnly, settings } from "../test-support/arbitrary-batch.ts";
import { type Matrix, partsOf, reference, type Settings } from "../test-support/loss-reference.ts";
import { contrastiveLoss, type LossCall } from "../test-support/contrastive-loss.ts";
import type { Direction } from "./index.ts";

beforeAll(() => tfjs().start());

function lossOf(columns: readonly Matrix[], options: LossCall): number {
  return tf.tidy(
    () =>
      contrastiveLoss(
        columns.map((c) => tf.tensor2d(c as number[][])),
        options,
      ).dataSync()[0]!,
  );
}

/** The loss and the gradient of each column, flat. */
function gradientsOf(
  columns: readonly Float<"batch hidden">[],
  options: LossCall,
): { value: number; gradients: Float32Array[] } {
  const named = Object.fromEntries(columns.map((column, i) => [`${i}`, column]));
  const { value, gradients } = valueAndGradients(() => contrastiveLoss(columns, options), named);
  const result = {
    value: value.dataSync()[0]!,
    gradients: columns.map((_, i) => Float32Array.from(gradients[i]!.dataSync())),
  };
  tf.dispose([value, gradients] as tf.TensorContainer);
  return result;
}

/** The same rows with a first entry of 1 to 5: near zero a cosine's gradient is a rounding error divided by the row's norm. */
function awayFromZero(columns: readonly Matrix[]): number[][][] {
  return columns.map((column) => column.map((row) => row.map((x, i) => (i === 0 ? x + 3 : x))));
}

/**
 * A score is scale · a·b with |a·b| ≤ 1 (cosine) or ≤ hidden · 4 = 20 (dot): |score| ≤ 20 or 400. It is off by some 8 roundings of
 * 2^-24 of its size, and the loss is a difference of such scores, so by twice that.
 */
const tolerance = ({ scale, similarity }: Settings) => 16 * 2 ** -24 * (scale! * (similarity === "dot" ? 20 : 1) + 4);

describe("values", () => {
  test("worked by hand: right answers alone count, ties cost log 2", () => {
    const columns = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ];
    // Scores 1 on the diagonal and 0 beside it: log(e + 1) − 1.
    expect(lossOf(columns, { scale: 1 })).toBeCloseTo(Math.log(Math.E + 1) - 1, 6);
    expect(
      lossOf(
        [
          columns[0]!,
          [
            [1, 1],
            [1, 1],
          ],
        ],
        {},
      ),
    ).toBeCloseTo(Math.log(2), 6);
  });

  test("worked by hand: a negative is one more document, for one-way and symmetric alike", () => {
    const columns = [[[1, 0]], [[1, 0]], [[0, 1]]];
    const oneWay = Math.log(1 + Math.exp(-1));
    expect(lossOf(columns, { scale: 1, direction: "one-way" })).toBeCloseTo(oneWay, 6);
    expect(lossOf(columns, { scale: 1, direction: "symmetric" })).toBeCloseTo(oneWay / 2, 6); // one query: nothing to confuse
  });

  test("worked by hand: all four directions in one softmax", () => {
    const axes = [
      [1, 0],
      [0, 1],
    ];
    const negatives = [
      [0, 1],
      [1, 0],
    ];
    const directions = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"] as const;
    // Scores of row 0: documents 1 0 0 1; the other query 0; queries from the positive 1 0; documents of row 1 from the positive 0 1.
    const expected = Math.log(4 * Math.E + 5) - 1;
    expect(lossOf([axes, axes, negatives], { scale: 1, directions })).toBeCloseTo(expected, 6);
    // Both queries are one text: positive 1, query 1 and positive 1 again are no wrong answers, which takes 4 scores of 0 away.
    const textIds = [Int32Array.of(7, 7), Int32Array.of(1, 2), Int32Array.of(3, 4)];
    expect(lossOf([axes, axes, negatives], { scale: 1, directions, textIds })).toBeCloseTo(
      Math.log(4 * Math.E + 1) - 1,
      6,
    );
  });

  test("by default pairs are symmetric and triplets one-way, at scale 20 over cosines", () => {
    const pairs = [
      [
        [1, 0],
        [1, 2],
      ],
      [
        [1, 1],
        [0, 3],
      ],
    ];
    const triplets = [
      ...pairs,
      [
        [2, -1],
        [1, 0],
      ],
    ];
    const common = { scale: 20, similarity: "cosine" } as const;
    expect(lossOf(pairs, {})).toBe(lossOf(pairs, { ...common, direction: "symmetric" }));
    expect(lossOf(triplets, {})).toBe(lossOf(triplets, { ...common, direction: "one-way" }));
    expect(lossOf(pairs, {})).not.toBe(lossOf(pairs, { direction: "one-way" }));
  });

  test("equals the float64 reference, with and without equal texts", () => {
    const check = (mutate: (options: Settings) => Settings) =>
      fc.assert(
        fc.property(batch, settings, fc.boolean(), ({ columns, textIds }, plain, withIds) => {
          const options = withIds ? { ...plain, textIds } : plain;
          const difference = Math.abs(lossOf(columns, options) - reference(columns, mutate(options)));
          expect(difference).toBeLessThanOrEqual(tolerance(options));
        }),
        { numRuns: 150 },
      );
    check((options) => options);
    expectMutantToFail(() => check(({ textIds: _, ...options }) => options));
    expectMutantToFail(() => check(oneWayOnly));
    expectMutantToFail(() => check((options) => (options.directions ? { ...options, partition: "joint" } : options)));
    expectMutantToFail(() => check((options) => ({ ...options, scale: options.scale! * 1.01 })));
  });
});

describe("laws", () => {
  test("the loss is never negative", () => {
    fc.assert(
      fc.property(batch, settings, fc.boolean(), ({ columns, textIds }, plain, withIds) => {
        const options = withIds ? { ...plain, textIds } : plain;
        // logSoftmax of a row whose only candidate is its own may round to one unit of a score's last place below 0.
        expect(lossOf(columns, options)).toBeGreaterThanOrEqual(-tolerance(options));
      }),
      { numRuns: 100 },
    );
  });

  test("the loss is log(number of candidates) when all scores are equal", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 4 }),
        settings,
        (rows, columns, options) => {
          const equal = Array.from({ length: columns }, () => Array.from({ length: rows }, () => [0.6, 0.8]));
          const candidates: { readonly [name in Direction]: number } = {
            queryToDoc: rows * (columns - 1),
            queryToQuery: rows - 1,
            docToQuery: rows,
            docToDoc: (rows - 1) * (columns - 1),
          };
          const logs = partsOf(options).map((part) => Math.log(part.reduce((sum, name) => sum + candidates[name], 0)));
          const expected = logs.reduce((sum, log) => sum + log, 0) / logs.length;
          expect(Math.abs(lossOf(equal, options) - expected)).toBeLessThanOrEqual(tolerance(options));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("the loss is unchanged by permuting the pairs", () => {
    fc.assert(
      fc.property(batch, settings, fc.infiniteStream(fc.nat()), ({ columns, textIds }, plain, keys) => {
        const order = columns[0]!.map((_, i) => ({ i, key: keys.next().value! })).sort((a, b) => a.key - b.key);
        const permuted = columns.map((column) => order.map(({ i }) => column[i]!));
        const permutedIds = textIds.map((column) => Int32Array.from(order, ({ i }) => column[i]!));
        const before = lossOf(columns, { ...plain, textIds });
        const after = lossOf(permuted, { ...plain, textIds: permutedIds });
        expect(Math.abs(after - before)).toBeLessThanOrEqual(tolerance(plain));
      }),
      { numRuns: 80 },
    );
  });

  test("direction is short for directions with their partition, and their order and repetition do not matter", () => {
    fc.assert(
      fc.property(batch, ({ columns }) => {
        const oneWay = lossOf(columns, { direction: "one-way" });
        const symmetric = lossOf(columns, { direction: "symmetric" });
        expect(lossOf(columns, { directions: ["queryToDoc"] })).toBe(oneWay);
        expect(lossOf(columns, { directions: ["queryToDoc", "queryToDoc"], partition: "perDirection" })).toBe(oneWay);
        const both = ["docToQuery", "queryToDoc"] as const;
        expect(lossOf(columns, { directions: both, partition: "perDirection" })).toBe(symmetric);
      }),
      { numRuns: 30 },
    );
  });

  test("a direction more in a joint softmax never lowers the loss", () => {
    fc.assert(
      fc.property(batch, settings, ({ columns, textIds }, options) => {
        fc.pre(options.directions !== undefined && options.partition !== "perDirection");
        const fewer = { ...options, textIds, directions: ["queryToDoc"] as const };
        expect(lossOf(columns, { ...options, textIds })).toBeGreaterThanOrEqual(
          lossOf(columns, fewer) - tolerance(options),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("cosine does not see the length of a row", () => {
    const columns = [
      [
        [1, 2],
        [3, -1],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ];
    const longer = columns.map((column, c) => column.map((row, i) => row.map((x) => x * (c + 2 * i + 1))));
    expect(lossOf(longer, {})).toBeCloseTo(lossOf(columns, {}), 5);
    expectMutantToFail(() =>
      expect(lossOf(longer, { similarity: "dot" })).toBeCloseTo(lossOf(columns, { similarity: "dot" }), 5),
    );
  });
});

test("the gradient equals the reference's finite differences", () => {
  fc.assert(
    fc.property(batch, settings, ({ columns, textIds }, plain) => {
      const lifted = awayFromZero(columns);
      const options = { ...plain, textIds };
      const tensors = lifted.map((column) => tf.tensor2d(column));
      const { gradients } = gradientsOf(tensors, options);
      tf.dispose(tensors);
      const [rows, hidden] = [lifted[0]!.length, lifted[0]![0]!.length];
      for (const c of lifted.keys()) {
        const f = (flat: Float64Array) => {
          const moved = lifted[c]!.map((_, i) => [...flat.slice(i * hidden, (i + 1) * hidden)]);
          return reference(
            lifted.map((column, d) => (d === c ? moved : column)),
            options,
          );
        };
        const expected = finiteDifferences(f, lifted[c]!.flat());
        // Probabilities and similarities carry the score's error; the gradient is at most scale · 5 · them.
        expect(gradients[c]).toBeCloseToArray(expected, {
          tolerance: 1e-8 + tolerance(options) * options.scale! * (options.similarity === "dot" ? 5 : 1),
          shape: [rows, hidden],
          axes: "batch hidden",
        });
      }
    }),
    { numRuns: 40 },
  );
});

test("nothing stays in memory", () => {
  const columns = [
    tf.tensor2d([
      [1, 0],
      [0, 1],
    ]),
    tf.tensor2d([
      [1, 1],
      [0, 1],
    ]),
  ];
  gradientsOf(columns, {});
  const before = activeEngine().memory();
  gradientsOf(columns, { textIds: [Int32Array.of(0, 0), Int32Array.of(1, 2)] });
  expect(activeEngine().memory()).toEqual(before);
  tf.dispose(columns);
});
