import { expectMutantToFail } from "@kindred/testing";
import { relaxedSimdWorks } from "@kindred/side-module";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { startKernels } from "./kernels.ts";

/** Small whole numbers, of which every sum is exact in float32, in rows of any length. */
const matrices = fc
  .record({ dimension: fc.integer({ min: 1, max: 70 }), queries: fc.nat(9), rows: fc.nat(7) })
  .chain(({ dimension, queries, rows }) => {
    const numbers = (count: number) =>
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: count * dimension, maxLength: count * dimension });
    return fc.record({ dimension: fc.constant(dimension), a: numbers(queries), b: numbers(rows) });
  });

const variants = (["simd", "relaxed"] as const).filter((variant) => variant === "simd" || relaxedSimdWorks());

describe.each(variants)("the build %s", (variant) => {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
  let kernels: KernelExports;
  beforeAll(async () => {
    kernels = await startKernels(memory, variant);
  });
  /** Writes at an address that is no multiple of 16: rows of odd lengths lie anywhere. */
  const put = (values: Float32Array | Int8Array | Uint8Array | Int16Array, at: number) => {
    new Uint8Array(memory.buffer, at).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return at;
  };
  const floats = (at: number, count: number) => Array.from(new Float32Array(memory.buffer, at, count));
  const [first, second, third] = [4, 65_540, 131_076];
  const rowsOf = (all: readonly number[], dimension: number) =>
    Array.from({ length: all.length / dimension }, (_, i) => all.slice(i * dimension, (i + 1) * dimension));

  test("scores are what loops give", () => {
    const terms = [
      (x: number, y: number) => x * y,
      (x: number, y: number) => -((x - y) ** 2),
      (x: number, y: number) => -Math.abs(x - y),
    ];
    const law = (kindOf: (kind: number) => number) =>
      fc.assert(
        fc.property(matrices, fc.nat(2), ({ dimension, a, b }, kind) => {
          const [queries, rows] = [rowsOf(a, dimension), rowsOf(b, dimension)];
          put(Float32Array.from(a), first);
          put(Float32Array.from(b), second);
          kernels.scoreRows(kindOf(kind), first, queries.length, second, rows.length, dimension, third);
          const term = terms[kind] ?? (() => NaN);
          const expected = queries.flatMap((query) =>
            rows.map((row) => query.reduce((sum, x, i) => sum + term(x, row[i] ?? NaN), 0)),
          );
          expect(floats(third, expected.length).map((x) => x + 0)).toEqual(expected.map((x) => x + 0)); // −0 is 0
        }),
      );
    law((kind) => kind);
    expectMutantToFail(() => law((kind) => (kind + 1) % 3));
  });

  test("lengths of rows, and one over them", () => {
    fc.assert(
      fc.property(matrices, ({ dimension, b }) => {
        const lengths = rowsOf(b, dimension).map((row) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)));
        put(Float32Array.from(b), second);
        kernels.inverseNorms(second, lengths.length, dimension, third);
        const inverse = floats(third, lengths.length);
        // Two roundings: of the root and of the quotient.
        for (const [i, length] of lengths.entries())
          expect(length === 0 ? inverse[i] : Math.abs((inverse[i] ?? NaN) * length - 1)).toEqual(
            length === 0 ? NaN : expect.toSatisfy((error: number) => error < 2 ** -22),
          );
        expect(kernels.largestNorm(second, lengths.length, dimension)).toBe(Math.fround(Math.max(0, ...lengths)));
      }),
    );
    for (const value of [1e-20, 1e20, NaN, Infinity]) {
      put(Float32Array.of(value), second);
      kernels.inverseNorms(second, 1, 1, third);
      expect(floats(third, 1)).toEqual([NaN]);
    }
    put(Float32Array.of(2, 3, 4, 5, 6), first);
    put(Float32Array.of(10, 10, 10, 10, 0), second);
    kernels.multiply(first, second, 5);
    expect(floats(first, 5)).toEqual([20, 30, 40, 50, 0]);
  });

  test("sums of codes and weights are exact, and bits are counted", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -99, max: 99 })), {
          minLength: 1,
          maxLength: 50,
        }),
        (pairs) => {
          const codes = Int8Array.from([...pairs, ...pairs], ([code]) => code);
          const weights = Int16Array.from(pairs, ([, weight]) => weight);
          put(weights, first);
          put(codes, second + 1);
          kernels.scoreCodes(first, second + 1, 2, pairs.length, 0.5, 3, third);
          const score = 3 + 0.5 * pairs.reduce((sum, [code, weight]) => sum + code * weight, 0);
          expect(floats(third, 2)).toEqual([score, score]);
          put(new Uint8Array(codes.buffer), first);
          put(
            new Uint8Array(codes.buffer).map((byte) => ~byte),
            second + 3,
          );
          kernels.scoreBits(first, second + 3, 1, codes.length, third);
          expect(floats(third, 1)[0]).toBe(-8 * codes.length + 0);
          kernels.scoreBits(first, first, 1, codes.length, third);
          expect(Math.abs(floats(third, 1)[0] ?? NaN)).toBe(0);
        },
      ),
    );
  });

  test("hits are the places of scores that are not below the least, and of those that are no finite numbers", () => {
    const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(NaN, Infinity, -Infinity));
    const law = (isHit: (score: number, least: number) => boolean) =>
      fc.assert(
        fc.property(fc.array(score, { maxLength: 50 }), fc.integer({ min: -3, max: 4 }), (scores, least) => {
          put(Float32Array.from(scores), first);
          const count = kernels.hits(first, scores.length, least, third);
          const expected = scores.flatMap((each, i) => (isHit(each, least) ? [i] : []));
          expect(Array.from(new Int32Array(memory.buffer, third, count))).toEqual(expected);
        }),
      );
    law((each, least) => each >= least || !Number.isFinite(each));
    expectMutantToFail(() => law((each, least) => each >= least));
  });
});
