import { cpu, type RowGradient, tfjs, toFloat32Array, valueAndGradients } from "@kindred/tensor";
import { floatsFromSeed, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { addLayerNorm } from "./add-layer-norm.ts";
import { embedding } from "./embedding.ts";
import { gelu } from "./gelu.ts";
import { l2Normalize } from "./l2-normalize.ts";
import { layerNorm } from "./layer-norm.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import { multiply, shift, subtract } from "./arithmetic.ts";
import { relu } from "./functions.ts";
import { rowDot } from "./rows.ts";
import { stopGradient } from "./select.ts";
import { sum } from "./sum.ts";

const rows = (seed: number, count: number, hidden: number) =>
  tf.tensor2d(floatsFromSeed(seed, count * hidden), [count, hidden]);

describe.each([cpu(), tfjs()])("on $name", (engine) => {
  beforeEach(async () => {
    await engine.start();
    throwOnLeaks();
  });

  const hidden = 24;
  const gamma = () => tf.tensor1d(floatsFromSeed(7, hidden));
  const beta = () => tf.tensor1d(floatsFromSeed(8, hidden));
  const norm = (x: tf.Tensor2D, epsilon: number) => layerNorm(x, gamma(), beta(), { epsilon }).dataSync();

  test("layerNorm is unchanged by a constant added to a row", () => {
    fc.assert(
      fc.property(fc.nat(999), fc.double({ min: -8, max: 8, noNaN: true }), (seed, constant) => {
        const x = rows(seed, 3, hidden);
        // The sum x + constant is rounded at up to 10, by 2⁻²¹; x has deviation about 1, gamma is at most 2.
        expect(norm(tf.add(x, constant), 1e-5)).toBeCloseToArray(norm(x, 1e-5), { tolerance: 16 * 2 ** -21 });
      }),
    );
  });

  test("layerNorm is unchanged by a positive scale", () => {
    fc.assert(
      fc.property(fc.nat(999), fc.double({ min: -8, max: 8, noNaN: true }), (seed, power) => {
        const x = rows(seed, 3, hidden);
        const scaled = tf.mul(x, 2 ** power) as tf.Tensor2D;
        expect(norm(scaled, 1e-12)).toBeCloseToArray(norm(x, 1e-12), { tolerance: 16 * 2 ** -22 });
      }),
    );
  });

  test("layerNorm of a constant row is beta, and its gradient is finite", () => {
    const x = tf.fill([2, hidden], 3) as tf.Tensor2D;
    expect(norm(x, 1e-5)).toEqual(tf.concat([beta(), beta()]).dataSync());
    const { gradients } = valueAndGradients(() => sum(layerNorm(x, gamma(), beta(), { epsilon: 1e-5 })), { x });
    expect(gradients.x!.dataSync().every(Number.isFinite)).toBe(true);
  });

  test("addLayerNorm is layerNorm of the sum", () => {
    const [x, residual] = [rows(1, 3, hidden), rows(2, 3, hidden)];
    const y = addLayerNorm(x, residual, gamma(), beta(), { epsilon: 1e-5 });
    expect(y.dataSync()).toEqual(norm(tf.add(x, residual), 1e-5));
  });

  test("gelu and its gradient are right at 0, in the far tails, and where x² would overflow", () => {
    const x = tf.tensor1d([0, -0, 1e-30, -1e-30, 1e-12, 40, -40, 1e25, -1e25]);
    const { value, gradients } = valueAndGradients(() => sum(gelu(x)), { x });
    expect(value.dataSync()).toBeCloseToArray([1e25], { relative: 1e-6 });
    // Φ is ½ at 0; an unclipped gradient would be NaN at the end.
    expect(gradients.x!.dataSync()).toBeCloseToArray([0.5, 0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0], { tolerance: 1e-6 });
  });

  test("l2Normalize gives rows of norm 1, keeps zero rows, and divides their gradient by epsilon", () => {
    fc.assert(
      fc.property(fc.nat(999), fc.integer({ min: -30, max: 30 }), (seed, power) => {
        const x = tf.mul(tf.add(rows(seed, 3, 5), 0.5), 2 ** power) as tf.Tensor2D;
        const norms = tf.sqrt(tf.sum(tf.square(l2Normalize(x)), 1)).dataSync();
        expect(norms).toBeCloseToArray([1, 1, 1], { tolerance: 8 * 2 ** -24 });
      }),
    );
    const x = tf.zeros<tf.Rank.R2>([1, 2]);
    const { value, gradients } = valueAndGradients(() => l2Normalize(x), { x }, { upstream: tf.tensor2d([[1, -2]]) });
    expect(value.dataSync()).toEqual(Float32Array.of(0, 0));
    expect(gradients.x!.dataSync()).toBeCloseToArray([1e12, -2e12], { relative: 1e-5 });
  });

  test("softmaxCrossEntropy is never negative, log n for equal logits, and 0 where all but the label is excluded", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 1e4, -1e4, 1e20), (n, level) => {
        const equal = tf.fill([1, n], level) as tf.Tensor2D;
        expect(softmaxCrossEntropy(equal, Int32Array.of(n - 1)).dataSync()).toBeCloseToArray([Math.log(n)], {
          tolerance: 1e-6,
        });
        const excluded = new Uint8Array(n).fill(1, 0, n - 1);
        expect(softmaxCrossEntropy(equal, Int32Array.of(n - 1), { excluded }).dataSync()[0]).toBeCloseTo(0, 12);
        const any = softmaxCrossEntropy(rows(n, 1, n), Int32Array.of(0)).dataSync();
        expect(any[0]).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("softmaxCrossEntropy is finite for logits of any size, and an excluded logit gets no gradient at all", () => {
    const logits = tf.tensor2d([
      [1e20, 0, -1e20],
      [5, 80, 3],
    ]);
    const excluded = Uint8Array.of(0, 0, 0, 0, 1, 0);
    const labels = Int32Array.of(0, 0);
    const { value, gradients } = valueAndGradients(() => sum(softmaxCrossEntropy(logits, labels, { excluded })), {
      logits,
    });
    expect(value.dataSync()).toBeCloseToArray([Math.log(1 + Math.exp(-2))], { tolerance: 1e-6 });
    expect(gradients.logits!.dataSync()[4]).toBe(0);
  });

  test("the padding row of an embedding is looked up but gets no gradient", () => {
    const table = rows(3, 4, 2);
    const ids = Int32Array.of(1, 3, 1, 0);
    const { value, gradients } = valueAndGradients(() => sum(embedding(ids, table, { paddingId: 1 })), { table });
    const values = table.dataSync();
    const expected = 2 * (values[2]! + values[3]!) + values[6]! + values[7]! + values[0]! + values[1]!;
    expect(value.dataSync()).toBeCloseToArray([expected], { tolerance: 1e-6 });
    expect(gradients.table!.dataSync()).toEqual(Float32Array.of(1, 1, 0, 0, 0, 0, 1, 1));
  });

  test("an embedding's gradient told by rows is the dense one", () => {
    const table = rows(1, 4, 3);
    const ids = Int32Array.of(3, 1, 3, 0, 1);
    const f = () => sum(gelu(embedding(ids, table, { paddingId: 1 })));
    const added = new Float32Array(table.size);
    const onRowGradient = (_: string, { rows, values }: RowGradient) => {
      const dy = toFloat32Array(values);
      for (const [i, row] of rows.entries())
        for (let j = 0; j < 3 && row >= 0; j++) added[3 * row + j]! += dy[3 * i + j]!;
    };
    expect(valueAndGradients(f, { table }, { onRowGradient }).gradients).toEqual({});
    expect(added).toEqual(toFloat32Array(valueAndGradients(f, { table }).gradients.table!));
  });

  test("a triplet loss with a margin, by hand: pairs within the margin alone count, and move apart", () => {
    const anchor = tf.tensor2d([0, 0, 0, 0], [2, 2]);
    const match = tf.tensor2d([1, 0, 1, 0], [2, 2]);
    const other = tf.tensor2d([0, 1, 0, 3], [2, 2]);
    const distance = (a: tf.Tensor2D, b: tf.Tensor2D) => rowDot(subtract(a, b), subtract(a, b));
    const margins = () => relu(shift(subtract(distance(anchor, match), distance(anchor, other)), 0.5));
    const { value, gradients } = valueAndGradients(() => sum(margins()), { match, other });
    expect(value.dataSync()[0]).toBe(0.5); // 1 − 1 + 0.5, and 1 − 9 + 0.5 < 0
    expect(gradients.match!.dataSync()).toBeCloseToArray([2, 0, 0, 0]);
    expect(gradients.other!.dataSync()).toBeCloseToArray([0, -2, 0, 0]);
  });

  test("behind stopGradient nothing is reached, and what is beside it is", () => {
    const x = tf.tensor1d([2, 3]);
    const before = tf.memory().numTensors;
    const f = () => sum(multiply(stopGradient(multiply(x, x)), x));
    const { value, gradients } = valueAndGradients(f, { x });
    expect([value.dataSync()[0], ...gradients.x!.dataSync()]).toEqual([35, 4, 9]);
    const constant = valueAndGradients(() => sum(stopGradient(x)), { x });
    expect(constant.gradients).toEqual({});
    tf.dispose([value, gradients.x!, constant.value]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
