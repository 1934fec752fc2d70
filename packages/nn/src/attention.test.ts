import { keyFromSeed } from "@kindred/random";
import { cpu, type Float, packed, padded, tfjs, valueAndGradients } from "@kindred/tensor";
import { arbitraryKey, arbitraryLengths, floatsFromSeed, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { attention, type AttentionOptions } from "./attention.ts";

const [heads, hidden, distances] = [2, 6, 41];
const bias = () => tf.tensor2d(floatsFromSeed(9, heads * distances), [heads, distances]);
const matrix = (seed: number, rows: number) => tf.tensor2d(floatsFromSeed(seed, rows * hidden), [rows, hidden]);
const startsOf = (lengths: readonly number[]) => {
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + length);
  return starts;
};

function run(qkv: readonly Float<"tokens hidden">[], options: AttentionOptions): Float32Array {
  return attention(qkv[0]!, qkv[1]!, qkv[2]!, bias(), options).dataSync() as Float32Array;
}

// A weighted mean of v's, whose elements are up to 2 in size: a few roundings of 2.
const tolerance = 16 * 2 ** -23;

describe.each([cpu(), tfjs()])("attention on $name", (engine) => {
  beforeEach(async () => {
    await engine.start();
    throwOnLeaks();
  });

  test("a worked example: one head, two tokens, one key twice as likely as the other", () => {
    const zero = tf.zeros<tf.Rank.R2>([2, 1]);
    const log2 = Math.log(2);
    // Query 0 sees distances 0 and 1, query 1 distances −1 and 0. Only distance 1 has a bias.
    const y = attention(zero, zero, tf.tensor2d([[3], [6]]), tf.tensor2d([[0, 0, log2]]), {
      layout: packed([2]),
      heads: 1,
    });
    expect(y.dataSync()).toBeCloseToArray([5, 4.5], { tolerance: 1e-6 }); // (1·3 + 2·6)/3, (3 + 6)/2
  });

  test("the weights of every query sum to 1: where v is all ones, so is the result", () => {
    fc.assert(
      fc.property(arbitraryLengths(), fc.nat(99), (lengths, seed) => {
        const layout = packed(lengths);
        const rows = layout.fixed.rows;
        const y = run([matrix(seed, rows), matrix(seed + 1, rows), tf.ones([rows, hidden])], { layout, heads });
        expect(y).toBeCloseToArray(new Float32Array(rows * hidden).fill(1), { tolerance });
      }),
      { numRuns: 20 },
    );
  });

  test("a sentence gives what it gives alone", () => {
    fc.assert(
      fc.property(arbitraryLengths(), (lengths) => {
        const { starts } = packed(lengths).data;
        const rows = lengths.reduce((sum, length) => sum + length, 0);
        const qkv = [1, 2, 3].map((seed) => matrix(seed, rows));
        const all = run(qkv, { layout: packed(lengths), heads });
        for (const [i, length] of lengths.entries()) {
          if (length === 0) continue;
          const alone = qkv.map((x) => tf.slice(x, [starts[i]!, 0], [length, hidden]));
          const y = run(alone, { layout: packed([length]), heads });
          expect(y).toBeCloseToArray(all.subarray(starts[i]! * hidden, (starts[i]! + length) * hidden), { tolerance });
        }
      }),
      { numRuns: 15 },
    );
  });

  test("a key of another sentence weighs exactly 0: what it holds changes nothing, to the last bit", () => {
    const layout = packed([3, 2]);
    const [q, k, v] = [1, 2, 3].map((seed) => matrix(seed, 5));
    const other = (x: tf.Tensor2D) =>
      tf.concat([tf.slice(x, [0, 0], [3, hidden]), tf.fill([2, hidden], 1e9)]) as tf.Tensor2D;
    const before = run([q!, k!, v!], { layout, heads }).slice(0, 3 * hidden);
    const after = run([q!, other(k!), other(v!)], { layout, heads }).slice(0, 3 * hidden);
    expect(after).toEqual(before);
  });

  test("sentences of no tokens give nothing, and a padded batch of nothing else gives zeros", () => {
    const x = matrix(1, 3);
    expect(run([x, x, x], { layout: packed([0, 3, 0]), heads })).toEqual(
      run([x, x, x], { layout: packed([3]), heads }),
    );
    expect(run([x, x, x], { layout: padded([0], 3), heads })).toBeCloseToArray(new Float32Array(3 * hidden));
  });

  test("a batch of several groups gives what its halves give, and gradients that add up", () => {
    const lengths = Array.from({ length: 44 }, (_, i) => 60 - (i % 3)); // 44 blocks of 64 slots, 32 to a group
    const half = 22;
    const starts = startsOf(lengths);
    const gradientsOf = (from: number, to: number) => {
      const count = starts[to]! - starts[from]!;
      const cut = (seed: number) => tf.slice(matrix(seed, starts.at(-1)!), [starts[from]!, 0], [count, hidden]);
      const [q, k, v, b, upstream] = [
        cut(1),
        cut(2),
        cut(3),
        tf.tensor2d(floatsFromSeed(9, heads * 119), [heads, 119]),
        cut(4),
      ];
      const layout = packed(lengths.slice(from, to));
      return valueAndGradients(() => attention(q, k, v, b, { layout, heads }), { q, b }, { upstream });
    };
    const [all, left, right] = [gradientsOf(0, 44), gradientsOf(0, half), gradientsOf(half, 44)];
    expect(all.value.dataSync()).toBeCloseToArray(tf.concat([left.value, right.value]).dataSync(), { tolerance });
    const dq = tf.concat([left.gradients.q!, right.gradients.q!]);
    expect(all.gradients.q!.dataSync()).toBeCloseToArray(dq.dataSync(), { tolerance: 4 * tolerance });
    // A sum over up to 44·60 pairs at each distance.
    const db = tf.add(left.gradients.b!, right.gradients.b!);
    expect(all.gradients.b!.dataSync()).toBeCloseToArray(db.dataSync(), { tolerance: 50 * tolerance });
  });

  test("dropout drops the same weights of a sentence alone", () => {
    fc.assert(
      fc.property(arbitraryKey(), arbitraryLengths({ empty: false, maxLength: 8 }), (key, lengths) => {
        const { starts } = packed(lengths).data;
        const rows = lengths.reduce((sum, length) => sum + length, 0);
        const qkv = [1, 2, 3].map((seed) => matrix(seed, rows));
        const dropout = { rate: 0.5, key };
        const all = run(qkv, { layout: packed(lengths), heads, dropout });
        for (const [i, length] of lengths.entries()) {
          const alone = qkv.map((x) => tf.slice(x, [starts[i]!, 0], [length, hidden]));
          const y = run(alone, { layout: packed([length], { numbers: [i] }), heads, dropout });
          const expected = all.subarray(starts[i]! * hidden, (starts[i]! + length) * hidden);
          expect(y).toBeCloseToArray(expected, { tolerance: 4 * tolerance });
        }
      }),
      { numRuns: 10 },
    );
  });
});

test.each([
  ["hidden can't be split", { heads: 4 }, distances],
  ["bias doesn't fit", { heads: 3 }, distances],
  ["bias doesn't fit", {}, 4],
  ["bias doesn't fit", {}, 3],
  ["layout and rows don't fit", { layout: packed([4]) }, distances],
  ["bad dropout rate", { dropout: { rate: 1, key: keyFromSeed(0) } }, distances],
])("refuses: %s (%j)", async (message, changed, count) => {
  await cpu().start();
  const x = matrix(1, 3);
  const options: AttentionOptions = { layout: packed([3]), heads, ...changed };
  expect(() => attention(x, x, x, tf.zeros([heads, count]), options)).toThrow(message);
});
