import { type Key, keyFromSeed } from "@kindred/random";
import { type Layout, packed, tfjs } from "@kindred/tensor";
import { arbitraryKey, arbitraryLengths, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { dropout } from "./dropout.ts";

beforeEach(async () => {
  await tfjs().start();
  throwOnLeaks();
});

const hidden = 7;
const maskOf = (rows: number, layout: Layout, key: Key, rate = 0.5) =>
  dropout(tf.ones<tf.Rank.R2>([rows, hidden]), { rate, key, layout }).dataSync() as Float32Array;

test("drops the same elements of a sentence alone", () => {
  fc.assert(
    fc.property(arbitraryKey(), arbitraryLengths({ empty: false }), (key, lengths) => {
      const { starts } = packed(lengths).data;
      const all = maskOf(
        lengths.reduce((sum, length) => sum + length, 0),
        packed(lengths),
        key,
      );
      for (const [i, length] of lengths.entries()) {
        const expected = all.subarray(starts[i]! * hidden, (starts[i]! + length) * hidden);
        expect(maskOf(length, packed([length], { numbers: [i] }), key)).toEqual(expected);
      }
    }),
    { numRuns: 25 },
  );
});

test("keeps the expectation: the mean of ones is 1, within five deviations", () => {
  const rows = 4000;
  const layout = packed(new Array<number>(rows / 10).fill(10));
  for (const rate of [0.1, 0.5, 0.9]) {
    const mask = maskOf(rows, layout, keyFromSeed(3), rate);
    const mean = mask.reduce((sum, value) => sum + value, 0) / mask.length;
    // A kept element is 1/(1 − rate), so the variance of one is rate/(1 − rate).
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt(rate / (1 - rate) / mask.length));
  }
});

test("other keys and other sentences drop others", () => {
  const layout = packed([20]);
  const mask = maskOf(20, layout, keyFromSeed(1));
  expect(maskOf(20, layout, keyFromSeed(2))).not.toEqual(mask);
  expect(maskOf(20, packed([20], { numbers: [1] }), keyFromSeed(1))).not.toEqual(mask);
});

test("rate 0 keeps all", () => {
  expect(maskOf(3, packed([3]), keyFromSeed(1), 0)).toEqual(new Float32Array(3 * hidden).fill(1));
});

test("refuses a rate outside [0, 1) and another batch's layout", () => {
  const options = { key: keyFromSeed(1), layout: packed([3]) };
  const x = tf.ones<tf.Rank.R2>([3, 2]);
  expect(() => dropout(x, { ...options, rate: 1 })).toThrow("bad dropout rate. Got 1");
  expect(() => dropout(x, { ...options, rate: 0.5, layout: packed([4]) })).toThrow("layout and rows don't fit");
});
