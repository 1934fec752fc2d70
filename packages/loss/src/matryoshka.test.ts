import { ConfigError, ShapeError } from "@kindred/errors";
import { l2Normalize, matmulTransposed, scale, sum } from "@kindred/nn";
import { activeEngine, type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Loss, lossShare, matryoshka, weightedSum } from "./index.ts";

beforeAll(() => tfjs().start());

/** The mean product of all first texts with all second ones. */
const products: Loss = {
  name: "products",
  options: { of: "all" },
  over: "batch",
  value: ([a, b], { totalRows }) => scale(sum(matmulTransposed(a as tf.Tensor, b as tf.Tensor)), 1 / totalRows),
};

type Matrix = readonly (readonly number[])[];

/** In float64, from the definition. */
function reference(columns: readonly Matrix[], dimensions: readonly number[], weights: readonly number[]): number {
  const cut = (row: readonly number[], dimension: number) => {
    const first = row.slice(0, dimension);
    const norm = Math.max(1e-12, Math.hypot(...first));
    return first.map((x) => x / norm);
  };
  return dimensions.reduce((total, dimension, k) => {
    const [a, b] = columns.map((column) => column.map((row) => cut(row, dimension))) as [number[][], number[][]];
    const dots = a.flatMap((x) => b.map((y) => x.reduce((dot, xi, i) => dot + xi * (y[i] ?? 0), 0)));
    return total + (weights[k]! * dots.reduce((dot, x) => dot + x, 0)) / a.length;
  }, 0);
}

const cases = fc
  .record({ rows: fc.integer({ min: 1, max: 4 }), hidden: fc.integer({ min: 1, max: 6 }) })
  .chain(({ rows, hidden }) => {
    // Rows begin away from zero, where a cut row's direction would be a rounding error divided by its norm.
    const row = fc
      .tuple(
        fc.float({ min: 1, max: 3, noNaN: true }),
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: hidden - 1, maxLength: hidden - 1 }),
      )
      .map(([first, rest]) => [first, ...rest]);
    const column = fc.array(row, { minLength: rows, maxLength: rows });
    const dimensions = fc.subarray(
      Array.from({ length: hidden }, (_, i) => i + 1),
      { minLength: 1 },
    );
    return fc.record({ columns: fc.tuple(column, column), dimensions }).chain((drawn) =>
      fc
        .array(fc.constantFrom(0.25, 1, 3), {
          minLength: drawn.dimensions.length,
          maxLength: drawn.dimensions.length,
        })
        .map((weights) => ({ ...drawn, weights })),
    );
  });

test("worked by hand: of two dimensions and of one, at length 1", () => {
  const columns = [tf.tensor2d([[3, 4]]), tf.tensor2d([[4, 3]])];
  const value = (loss: Loss) => lossShare(loss, columns).dataSync()[0]!;
  expect(value(matryoshka(products, [2]))).toBeCloseTo(0.96, 6);
  expect(value(matryoshka(products, [2, 1]))).toBeCloseTo(1.96, 6);
  expect(value(matryoshka(products, [2, 1], [1, 0.5]))).toBeCloseTo(1.46, 6);
});

test("value and gradients are the reference's, and its finite differences", () => {
  const check = (inner: Loss, mutate: (dimensions: readonly number[]) => readonly number[] = (same) => same) =>
    fc.assert(
      fc.property(cases, ({ columns, dimensions, weights }) => {
        const loss = matryoshka(inner, dimensions, weights);
        const tensors = columns.map((column) => tf.tensor2d(column));
        const [rows, hidden] = [columns[0].length, columns[0][0]!.length];
        const { value, gradients } = valueAndGradients(() => lossShare(loss, tensors), {
          a: tensors[0]!,
          b: tensors[1]!,
        });
        const expected = mutate(dimensions);
        // At most 6 dimensions of weight 3, of 4 · 4 products of at most 1 over the rows: below 72 / rows · rows; each product is off by
        // some 8 roundings of 2^-24. Its gradient is at most as large, as rows have a norm of at least 1.
        const tolerance = 8 * 2 ** -24 * 72;
        expect(Math.abs(value.dataSync()[0]! - reference(columns, expected, weights))).toBeLessThanOrEqual(tolerance);
        for (const [name, moved] of [
          ["a", 0],
          ["b", 1],
        ] as const) {
          const at = (flat: Float64Array) => {
            const matrix = columns[moved].map((_, i) => [...flat.slice(i * hidden, (i + 1) * hidden)]);
            return reference(
              columns.map((column, c) => (c === moved ? matrix : column)),
              expected,
              weights,
            );
          };
          const flat = gradients[name]?.dataSync() ?? new Float32Array(rows * hidden);
          expect(flat).toBeCloseToArray(finiteDifferences(at, columns[moved].flat()), {
            tolerance: tolerance + 1e-7,
            shape: [rows, hidden],
          });
        }
        tf.dispose([value, gradients, tensors] as tf.TensorContainer);
      }),
      { numRuns: 60 },
    );
  check(products);
  // The whole dimension where a smaller one is meant: cutting forgotten.
  expectMutantToFail(() => check(products, (dimensions) => dimensions.map(() => Math.max(...dimensions))));
});

test("what the inner loss needs, is computed over and trains stays; name and options tell both", () => {
  const inner: Loss = {
    ...products,
    over: "rows",
    needs: { labels: true },
    parameters: [{ name: "p", shape: [2], kind: "shift" }],
  };
  expect(matryoshka(inner, [2, 1])).toMatchObject({
    name: "matryoshka",
    options: { loss: { name: "products", options: { of: "all" } }, dimensions: [2, 1], weights: [1, 1] },
    over: "rows",
    needs: { labels: true },
    parameters: inner.parameters,
    matryoshkaDimensions: [2, 1],
  });
  const parts = [products, matryoshka(products, [4, 2]), matryoshka(products, [2, 1])].map((loss) => ({
    loss,
    weight: 1,
  }));
  expect(weightedSum("sum", parts).matryoshkaDimensions).toEqual([4, 2, 1]);
  expect(weightedSum("sum", parts.slice(0, 1)).matryoshkaDimensions).toBeUndefined();
});

test("dimensions and weights that are no choice are refused, and vectors that are too short", () => {
  const refused: [number[], number[]?][] = [
    [[]],
    [[0]],
    [[1.5]],
    [[4, 4]],
    [[4, 2], [1]],
    [[4], [0]],
    [[4], [Number.NaN]],
  ];
  for (const [dimensions, weights] of refused)
    expect(() => matryoshka(products, dimensions, weights)).toThrow(ConfigError);
  expect(() => matryoshka(products, [0])).toThrow(
    "matryoshka: no choice of dimensions. Got dimensions [0] with weights [1]",
  );
  const columns = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 3])];
  expect(() => lossShare(matryoshka(products, [4]), columns)).toThrow(ShapeError);
  expect(() => lossShare(matryoshka(products, [4]), columns)).toThrow("Got vectors of 3 and dimension 4");
  tf.dispose(columns);
});

test("nothing stays in memory", () => {
  const x: Float<"batch hidden"> = tf.ones([2, 3]);
  const run = () => {
    const { value, gradients } = valueAndGradients(() => lossShare(matryoshka(products, [3, 1]), [l2Normalize(x), x]), {
      x,
    });
    tf.dispose([value, gradients] as tf.TensorContainer);
  };
  run();
  const before = activeEngine().memory();
  run();
  expect(activeEngine().memory()).toEqual(before);
  x.dispose();
});
