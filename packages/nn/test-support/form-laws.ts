import { type Float, inBlocks, type Layout, packed, padded, sentencesOf, valueAndGradients } from "@kindred/tensor";
import { arbitraryKey, arbitraryLengths, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as nn from "../src/index.ts";

const [heads, hidden, distances] = [2, 6, 41];

/** Rows that lie end to end, as a layout wants them, with `under` in rows of padding. */
function inForm(rows: Float32Array, layout: Layout, under: number): Float<"tokens hidden"> {
  const values = new Float32Array(layout.fixed.rows * hidden).fill(under);
  let from = 0;
  for (const { start, length } of sentencesOf(layout.data)) {
    values.set(rows.subarray(from * hidden, (from + length) * hidden), start * hidden);
    from += length;
  }
  return tf.tensor2d(values, [layout.fixed.rows, hidden]);
}

/** The way back; padding must hold zeros. */
function endToEnd(tensor: tf.Tensor, { data }: Layout): number[] {
  const values = tensor.dataSync();
  const sentences = sentencesOf(data).map(({ start, length }) =>
    values.subarray(start * hidden, (start + length) * hidden),
  );
  const nonZero = (all: ArrayLike<number>) => Array.from(all).filter((value) => value !== 0).length;
  expect(nonZero(values)).toBe(sentences.reduce((sum, rows) => sum + nonZero(rows), 0));
  return sentences.flatMap((rows) => [...rows]);
}

type Given = {
  readonly layout: Layout;
  readonly bias: Float<"heads distances">;
  readonly dropout: nn.AttentionDropout;
};

/** Every op that takes a layout, as a function of "tokens hidden" tensors. */
const ops: readonly (readonly [
  name: string,
  inputs: number,
  f: (xs: Float<"tokens hidden">[], given: Given) => Float,
])[] = [
  ["attention", 3, ([q, k, v], { layout, bias }) => nn.attention(q!, k!, v!, bias, { layout, heads })],
  ["attention with dropout", 3, ([q, k, v], given) => nn.attention(q!, k!, v!, given.bias, { ...given, heads })],
  ["dropout", 1, ([x], { layout, dropout }) => nn.dropout(x!, { layout, ...dropout })],
  ["meanPool", 1, ([x], { layout }) => nn.meanPool(x!, { layout })],
  ["segmentMax", 1, ([x], { layout }) => nn.segmentMax(x!, { layout })],
  [
    "weightedPool",
    1,
    ([x], { layout }) => {
      // A weight for each position, and something unlikely for padding.
      const weights = new Float32Array(layout.fixed.rows).fill(1e9);
      for (const { start, length } of sentencesOf(layout.data)) {
        for (let position = 0; position < length; position++) weights[start + position] = 0.5 + position;
      }
      return nn.weightedPool(x!, { layout, weights });
    },
  ],
];

/** Values and gradients of an op on a batch in one of its forms, of sentences end to end. */
function run([name, inputs, f]: (typeof ops)[number], given: Given, under: number): { [name: string]: number[] } {
  const tokens = given.layout.data.lengths.reduce((sum, length) => sum + length, 0);
  return tf.tidy(() => {
    const of = (seed: number) => floatsFromSeed(seed, tokens * hidden);
    const xs = Array.from({ length: inputs }, (_, i) => inForm(of(i), given.layout, under));
    const parameters: { [name: string]: Float } = { ...Object.fromEntries(xs.entries()), bias: given.bias };
    const { batch } = given.layout.fixed;
    const pools = name.endsWith("Pool") || name.endsWith("Max");
    const upstream: Float = pools
      ? tf.tensor2d(floatsFromSeed(7, batch * hidden), [batch, hidden])
      : inForm(of(7), given.layout, 5);
    const { value, gradients } = valueAndGradients(() => f(xs, given), parameters, { upstream });
    const all = Object.entries({ ...gradients, value }).map(([of, tensor]) => [
      of,
      of === "bias" || (of === "value" && pools) ? [...tensor!.dataSync()] : endToEnd(tensor!, given.layout),
    ]);
    return Object.fromEntries(all);
  });
}

// Weighted sums over up to 8 rows of numbers up to 2, in another order.
const tolerance = 64 * 2 ** -23 * 8;

/** Registers, for every op that takes a layout, the law that all forms of a batch give the same, forward and backward. */
export function formLaws(start: () => Promise<unknown>, { runs = 20 } = {}): void {
  test.each(ops)("%s is the same packed, padded and in blocks, whatever lies under the padding", async (...op) => {
    await start();
    fc.assert(
      fc.property(
        arbitraryLengths({ maxLength: 8 }),
        fc.nat(5),
        arbitraryKey(),
        // Dropout multiplies rows of padding by 0.
        fc.constantFrom(op[0] === "dropout" ? 7 : Number.NaN, 3e38, -1e9),
        (lengths, extra, key, under) => {
          const numbers = lengths.map((_, i) => 3 * i + extra);
          const longest = Math.max(...lengths) + extra;
          const bias = tf.tensor2d(floatsFromSeed(9, heads * distances), [heads, distances]);
          const given = (layout: Layout) => ({ layout, bias, dropout: { rate: 0.5, key } });
          const expected = run(op, given(packed(lengths, { numbers })), under);
          const needed = inBlocks(lengths, longest).fixed.blocks!;
          const others = [
            padded(lengths, longest, { numbers }),
            inBlocks(lengths, longest, { numbers, count: needed + (extra % 2) }),
          ];
          for (const layout of others) {
            const actual = run(op, given(layout), under);
            expect(Object.keys(actual)).toEqual(Object.keys(expected));
            for (const [name, values] of Object.entries(expected)) {
              expect(actual[name]!).toBeCloseToArray(values, { tolerance });
            }
          }
          bias.dispose();
        },
      ),
      { numRuns: runs },
    );
  });
}
