// A small model, its batches cut into chunks, and both ways to its loss: what the tests of values, calls and memory in `src` share.
import {
  concatRows,
  dropout,
  gelu,
  l2Normalize,
  linear,
  matmulTransposed,
  meanPool,
  scale,
  softmaxCrossEntropy,
  sum,
} from "@kindred/nn";
import { childKey, keyFromSeed, normal } from "@kindred/random";
import { activeEngine, type Float, type Layout, packed, tfjs, valueAndGradients } from "@kindred/tensor";
import "@kindred/testing"; // toBeCloseToArray
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect } from "vitest";
import { expectReplay, type GradCacheOptions, gradCache } from "../src/index.ts";

export const [features, inner, hidden] = [6, 16, 4];
export const key = keyFromSeed("grad-cache");

export type Chunk = { readonly x: Float32Array; readonly layout: Layout };
type Parameters = { readonly first: Float<"out in">; readonly second: Float<"out in">; readonly bias: Float<"out"> };

export let parameters: Parameters;
let tensorsBefore: number;

// Of every test of a file that imports this.
beforeAll(() => tfjs().start());
beforeEach(() => {
  tensorsBefore = activeEngine().memory().tensors;
  const weights = (name: string, shape: number[]) =>
    tf.tensor(normal(childKey(key, name), tf.util.sizeFromShape(shape), {}), shape);
  parameters = {
    first: weights("first", [inner, features]),
    second: weights("second", [hidden, inner]),
    bias: weights("bias", [hidden]),
  };
});
afterEach(() => {
  tf.dispose(parameters as unknown as tf.NamedTensorMap);
  expect(activeEngine().memory().tensors).toBe(tensorsBefore); // no test leaves a tensor behind
});

/** A column of sentences of 1, 2, 3, 1, 2, … tokens, cut into chunks of the given sizes. */
export function column(name: number, sizes: readonly number[]): Chunk[] {
  let row = 0;
  return sizes.map((size) => {
    const rows = Int32Array.from({ length: size }, () => row++);
    const lengths = rows.map((i) => 1 + (i % 3));
    const x = [...rows].flatMap((i) => [...normal(childKey(key, "x", name, i), features * (1 + (i % 3)), {})]);
    return { x: Float32Array.from(x), layout: packed(lengths, { numbers: rows }) };
  });
}

/** Linear, GELU, dropout, linear, mean, norm: enough for every kind of gradient. Dropout is keyed by the rows of the whole batch. */
export function embed({ x, layout }: Chunk, column: number): Float<"chunk hidden"> {
  const input: Float<"tokens features"> = tf.tensor2d(x, [x.length / features, features]);
  const { first, second, bias } = parameters;
  const active = gelu(linear(input, first));
  const dropped = dropout(active, { rate: 0.3, key: childKey(key, "dropout", column), layout });
  const pooled: Float = l2Normalize(meanPool(linear(dropped, second, bias), { layout }));
  return pooled; // the batch is a chunk here
}

/** One-way contrastive loss of queries against all other columns. */
export function loss([queries, ...documents]: Float[]): Float<""> {
  const scores = matmulTransposed(scale(queries!, 5), concatRows(documents));
  return sum(
    softmaxCrossEntropy(
      scores,
      Int32Array.from({ length: scores.shape[0]! }, (_, i) => i),
    ),
  );
}

export type Numbers = { readonly value: number; readonly gradients: { readonly [name: string]: Float32Array } };

type Result = { readonly value: Float; readonly gradients: { readonly [name: string]: Float | undefined } };

/** The numbers of a result, which is disposed; the replay of a cached one is looked at. */
export function numbers({ value, gradients, drift }: Result & { readonly drift?: Float }): Numbers {
  const read = Object.entries(gradients).map(([name, gradient]) => [name, Float32Array.from(gradient!.dataSync())]);
  const result = { value: value.dataSync()[0]!, gradients: Object.fromEntries(read) };
  const drifted = drift?.dataSync()[0] ?? 0;
  tf.dispose([value, gradients, drift] as tf.TensorContainer);
  expectReplay(drifted);
  return result;
}

/** The whole batch recorded at once. */
export function plain(rows: number, columns: number): Numbers {
  const whole = Array.from({ length: columns }, (_, c) => column(c, [rows])[0]!);
  return numbers(valueAndGradients(() => loss(whole.map((chunk, c) => embed(chunk, c))), parameters));
}

export function cached(sizes: readonly (readonly number[])[], options: Partial<GradCacheOptions<Chunk>> = {}): Numbers {
  const columns = sizes.map((ofColumn, c) => column(c, ofColumn));
  return numbers(gradCache({ columns, embed, loss, parameters, ...options }));
}

/** A number of rows, and for each of two to four columns a way to cut them into chunks. */
export const cuts = fc.integer({ min: 1, max: 9 }).chain((rows) => {
  const cut = fc.subarray(Array.from({ length: rows - 1 }, (_, i) => i + 1)).map((inside) => {
    const edges = [0, ...inside, rows];
    return edges.slice(1).map((edge, i) => edge - edges[i]!);
  });
  return fc.array(cut, { minLength: 2, maxLength: 4 }).map((sizes) => ({ rows, sizes }));
});

/**
 * Both ways add the same float32 numbers up in another order: at most 9 rows · 3 tokens · 4 columns = 108 terms for a weight, each
 * addition rounded by 2^-24: below 1e-5 of the terms' size, which is up to ten times that of the largest entry.
 */
export function expectSame(actual: Numbers, expected: Numbers): void {
  expect(Math.abs(actual.value - expected.value)).toBeLessThanOrEqual(1e-5 * (1 + expected.value));
  expect(Object.keys(actual.gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
  for (const [name, gradient] of Object.entries(expected.gradients)) {
    const largest = gradient.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    expect(actual.gradients[name]).toBeCloseToArray(gradient, { tolerance: 1e-4 * largest });
  }
}
