import { ConfigError, ShapeError } from "@kindred/errors";
import { l2Normalize, sum } from "@kindred/nn";
import {
  type Float,
  inBlocks,
  inRows,
  type Layout,
  packed as packedLayout,
  padded as paddedLayout,
  tfjs,
  valueAndGradients,
} from "@kindred/tensor";
import { arbitraryLengths, expectMutantToFail, finiteDifferences } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type PoolingMode, pool, poolingModes } from "./pool.ts";

beforeAll(() => tfjs().start());

const hidden = 3;

/** The sentence vector in float64, from the definition: `all` are the sentence's vectors, the first `prompt` of them not counted. */
function reference(all: readonly (readonly number[])[], mode: PoolingMode, prompt = 0): number[] {
  const tokens = all.slice(prompt);
  const n = tokens.length;
  return Array.from({ length: hidden }, (_, feature) => {
    const values = tokens.map((token) => token[feature] ?? Number.NaN);
    const total = (weight: (i: number) => number) => values.reduce((sum, x, i) => sum + weight(i) * x, 0);
    if (n === 0) return 0;
    if (mode === "cls") return values[0] ?? Number.NaN;
    if (mode === "lasttoken") return values[n - 1] ?? Number.NaN;
    if (mode === "max") return Math.max(...values);
    if (mode === "mean") return total(() => 1) / n;
    if (mode === "mean_sqrt_len_tokens") return total(() => 1) / Math.sqrt(n);
    return total((i) => prompt + i + 1) / values.reduce((sum, _, i) => sum + prompt + i + 1, 0);
  });
}

type Batch = { readonly sentences: number[][][]; readonly extra: number };

const entry = fc.oneof(fc.constantFrom(0, -0, 1, -1), fc.float({ min: -4, max: 4, noNaN: true }));
const batch: fc.Arbitrary<Batch> = arbitraryLengths({ maxBatch: 5, maxLength: 6 }).chain((lengths) => {
  const token = fc.array(entry, { minLength: hidden, maxLength: hidden });
  const sentence = (length: number) => fc.array(token, { minLength: length, maxLength: length });
  return fc.record({ sentences: fc.tuple(...lengths.map(sentence)), extra: fc.nat(2) });
});

function packed({ sentences }: Batch): { x: number[][]; layout: Layout } {
  return { x: sentences.flat(), layout: packedLayout(sentences.map(({ length }) => length)) };
}

/** The same sentences with rows of `filling` below each. */
function padded({ sentences, extra }: Batch, filling: number): { x: number[][]; layout: Layout } {
  const lengths = sentences.map(({ length }) => length);
  const seq = Math.max(...lengths) + extra;
  const below = (length: number) => Array.from({ length: seq - length }, () => new Array<number>(hidden).fill(filling));
  return { x: sentences.flatMap((s) => [...s, ...below(s.length)]), layout: paddedLayout(lengths, seq) };
}

/** The same sentences in blocks, not in their order. */
function inAnyOrder({ sentences, extra }: Batch, filling: number): { x: number[][]; layout: Layout } {
  const lengths = sentences.map(({ length }) => length);
  const layout = inBlocks(lengths, Math.max(...lengths) + extra);
  const order = inRows(Int32Array.from(sentences.flat().keys()), layout, -1);
  return { x: Array.from(order, (row) => sentences.flat()[row] ?? new Array<number>(hidden).fill(filling)), layout };
}

function pooled({ x, layout }: { x: number[][]; layout: Layout }, mode: PoolingMode | PoolingMode[]): number[] {
  return tf.tidy(() => [...pool(tf.tensor2d(x), { layout, mode }).dataSync()]);
}

/** Sums of at most 6 terms of at most 4, each term and each addition rounded by 2^-24 of itself. */
const tolerance = 12 * 2 ** -24 * 4 * 6;

test("worked by hand: every mode of (1, 9, 0) and (4, 3, −6)", () => {
  const two = packed({
    sentences: [
      [
        [1, 9, 0],
        [4, 3, -6],
      ],
    ],
    extra: 0,
  });
  expect(pooled(two, "cls")).toEqual([1, 9, 0]);
  expect(pooled(two, "lasttoken")).toEqual([4, 3, -6]);
  expect(pooled(two, "max")).toEqual([4, 9, 0]);
  expect(pooled(two, "mean")).toEqual([2.5, 6, -3]);
  expect(pooled(two, "mean_sqrt_len_tokens")).toBeCloseToArray(
    [5, 12, -6].map((x) => x / Math.SQRT2),
    { tolerance },
  );
  expect(pooled(two, "weightedmean")).toBeCloseToArray([3, 5, -4], { tolerance });
});

test.each(poolingModes)(
  "%s equals the float64 reference, packed, padded and in blocks, whatever lies under the mask",
  (mode) => {
    fc.assert(
      fc.property(batch, fc.constantFrom(0, 3e38, -3e38), (sentences, filling) => {
        const expected = sentences.sentences.flatMap((tokens) => reference(tokens, mode));
        const shape = { tolerance, shape: [sentences.sentences.length, hidden], axes: "batch hidden" };
        expect(pooled(packed(sentences), mode)).toBeCloseToArray(expected, shape);
        expect(pooled(padded(sentences, filling), mode)).toBeCloseToArray(expected, shape);
        expect(pooled(inAnyOrder(sentences, filling), mode)).toBeCloseToArray(expected, shape);
      }),
      { numRuns: 40 },
    );
  },
);

test.each(poolingModes)("%s: infinities and NaN under the mask are not read", (mode) => {
  fc.assert(
    fc.property(batch, fc.constantFrom(Number.NaN, Infinity), (sentences, filling) => {
      expect(pooled(padded(sentences, filling), mode)).toEqual(pooled(padded(sentences, 0), mode));
    }),
    { numRuns: 20 },
  );
});

test.each(poolingModes)("%s after a prompt equals the reference over the other tokens, in every layout", (mode) => {
  const law = (sentences: Batch, prompt: number, seen = prompt) => {
    const expected = sentences.sentences.flatMap((tokens) => reference(tokens, mode, prompt));
    for (const { x, layout } of [packed(sentences), padded(sentences, 7), inAnyOrder(sentences, 7)]) {
      const got = tf.tidy(() => [...pool(tf.tensor2d(x), { layout, mode, promptLength: seen }).dataSync()]);
      expect(got).toBeCloseToArray(expected, { tolerance, shape: [sentences.sentences.length, hidden] });
    }
  };
  fc.assert(
    fc.property(batch, fc.nat(4), (sentences, prompt) => law(sentences, prompt)),
    { numRuns: 40 },
  );
  const tokens = [
    [1, 9, 0],
    [4, 3, -6],
    [2, 8, 1],
    [0, 1, 1],
  ];
  if (mode !== "lasttoken") expectMutantToFail(() => law({ sentences: [tokens], extra: 0 }, 2, 1));
});

test("mutants: another mode, or padding counted as tokens, is noticed", () => {
  const two = {
    sentences: [
      [
        [1, 9, 0],
        [4, 3, -6],
      ],
      [[1, 1, 1]],
    ],
    extra: 0,
  };
  const values = new Set(poolingModes.map((mode) => pooled(packed(two), mode).join()));
  expect(values.size).toBe(poolingModes.length);
  const all = { x: padded(two, 0).x, layout: packedLayout([2, 2]) };
  expectMutantToFail(() => expect(pooled(all, "mean")).toBeCloseToArray(pooled(packed(two), "mean"), { tolerance }));
});

/**
 * The gradient is a weight of at most 5, exact, by a factor of 1, 1/n, 1/√n or i/Σi: a root, a quotient and a product, each
 * rounded by 2^-24. The differences are good to 2^-53 · f / step = 1e-8, as f is below 5 sentences · 3 · 5 · 4.75 · √6 < 900.
 */
const gradientTolerance = 3 * 2 ** -24 * 5 + 1e-8;

test.each(poolingModes)(
  "%s: the gradient equals finite differences, and is 0 under the mask and in a prompt",
  (mode) => {
    checkGradient(mode, mode);
    checkGradient(mode, mode, 2);
    // Of two tokens another mode's gradient differs by a sixth and more (weightedmean, mean).
    for (const other of poolingModes) if (other !== mode) expectMutantToFail(() => checkGradient(mode, other));
  },
);

/** Holds the gradient of pooling in one mode against the differences of another one's reference. */
function checkGradient(mode: PoolingMode, referenceMode: PoolingMode, promptLength = 0): void {
  fc.assert(
    fc.property(batch, (sentences) => {
      // max has no derivative at ties: entries of a sentence 1/8 apart by place.
      const apart = {
        ...sentences,
        sentences: sentences.sentences.map((s) => s.map((t, i) => t.map((x) => Math.round(x) + i / 8))),
      };
      const { x, layout } = padded(apart, 1);
      const tensor: Float<"tokens hidden"> = tf.tensor2d(x);
      const weights = Array.from({ length: apart.sentences.length * hidden }, (_, i) => 1 + (i % 5));
      const upstream = tf.tensor2d(weights, [apart.sentences.length, hidden]);
      const { value, gradients } = valueAndGradients(
        () => pool(tensor, { layout, mode, promptLength }),
        { x: tensor },
        { upstream },
      );
      const f = (flat: Float64Array) => {
        let row = 0;
        const seq = x.length / apart.sentences.length;
        const moved = apart.sentences.map((s) => {
          const tokens = s.map((_, i) => [...flat.slice((row + i) * hidden, (row + i + 1) * hidden)]);
          row += seq;
          return tokens;
        });
        return moved
          .flatMap((tokens) => reference(tokens, referenceMode, promptLength))
          .reduce((total, y, i) => total + (weights[i] ?? Number.NaN) * y, 0);
      };
      const expected = finiteDifferences(f, x.flat());
      expect(gradients.x?.dataSync()).toBeCloseToArray(expected, {
        tolerance: gradientTolerance,
        shape: [x.length, hidden],
        axes: "tokens hidden",
      });
      tf.dispose([value, gradients, tensor, upstream] as tf.TensorContainer);
    }),
    { numRuns: 15 },
  );
}

test("several modes stand side by side, in the order given", () => {
  fc.assert(
    fc.property(batch, fc.shuffledSubarray([...poolingModes], { minLength: 1 }), (sentences, modes) => {
      const each = modes.map((mode) => pooled(packed(sentences), mode));
      const rows = sentences.sentences.keys();
      const expected = [...rows].flatMap((i) => each.flatMap((values) => values.slice(i * hidden, (i + 1) * hidden)));
      expect(pooled(packed(sentences), modes)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

test("the gradients of several modes add up", () => {
  const x: Float<"tokens hidden"> = tf.tensor2d([
    [1, 2],
    [3, 4],
  ]);
  const layout = packedLayout([2]);
  const { value, gradients } = valueAndGradients(() => sum(pool(x, { layout, mode: ["mean", "cls"] })), { x });
  expect([...(gradients.x?.dataSync() ?? [])]).toEqual([1.5, 1.5, 0.5, 0.5]);
  tf.dispose([value, gradients, x] as tf.TensorContainer);
});

test("after l2Normalize a row has norm 1, and a zero row is still zero", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(entry, { minLength: hidden, maxLength: hidden }), { minLength: 1, maxLength: 6 }),
      (x) => {
        const rows = tf.tidy(() => l2Normalize(tf.tensor2d(x)).arraySync()) as number[][];
        for (const [i, row] of rows.entries()) {
          const length = Math.hypot(...(x[i] ?? []));
          // Squares of what is below 1e-18 are lost in float32 (see l2Normalize): rows between that and zero are anything up to 1.
          if (length > 1e-12) expect(Math.abs(Math.hypot(...row) - 1)).toBeLessThanOrEqual(8 * 2 ** -24);
          if (length === 0) expect(row.map(Math.abs)).toEqual(row.map(() => 0));
        }
      },
    ),
  );
});

test("unknown modes and layouts of another batch are refused", () => {
  const x: Float<"tokens hidden"> = tf.tensor2d([
    [1, 2],
    [3, 4],
  ]);
  const layout = packedLayout([2]);
  expect(() => pool(x, { layout, mode: "meann" as "mean" })).toThrow("Got meann, expected one or more of cls, max");
  expect(() => pool(x, { layout, mode: "meann" as "mean" })).toThrow("Did you mean mean?");
  expect(() => pool(x, { layout, mode: [] })).toThrow(ConfigError);
  expect(() => pool(x, { layout: packedLayout([3]), mode: "mean" })).toThrow(ShapeError);
  x.dispose();
});
