import { expectMutantToFail } from "@kindred/testing";
import { similarities } from "@kindred/vectors";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { KernelExports } from "./generated/kernel-exports.ts";
import { startKernels } from "./kernels.ts";
import { prepareQueries } from "./prepare-queries.ts";

const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
let kernels: KernelExports;
beforeAll(async () => {
  kernels = await startKernels(memory);
});

/** What the kernels make of one query and one row; NaN where a row's length is out of their range. */
function scoreOf(
  query: Float32Array,
  row: Float32Array,
  { kind, byRowNorm }: ReturnType<typeof prepareQueries>,
): number {
  const [rowAt, factorAt, scoreAt] = [32_768, 65_536, 65_540];
  const dimension = query.length;
  new Float32Array(memory.buffer, 0, dimension).set(query);
  new Float32Array(memory.buffer, rowAt, dimension).set(row);
  kernels.scoreRows(kind, 0, 1, rowAt, 1, dimension, scoreAt);
  kernels.inverseNorms(rowAt, 1, dimension, factorAt);
  if (byRowNorm) kernels.multiply(scoreAt, factorAt, 1);
  return new Float32Array(memory.buffer, scoreAt, 1)[0] ?? NaN;
}

test("a row whose exact score is the least asked for has a kernel's score that is not below the threshold, or no finite one", () => {
  const number = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ min: -1, max: 1, noNaN: true }),
    fc.constantFrom(0, 1e-30, 1, 1e30),
  );
  const pairs = fc.integer({ min: 1, max: 100 }).chain((dimension) => {
    const vector = fc
      .array(number, { minLength: dimension, maxLength: dimension })
      .map((all) => Float32Array.from(all));
    return fc.tuple(vector, vector);
  });
  const law = (limitOf: (threshold: number, least: number) => number) =>
    fc.assert(
      fc.property(pairs, fc.constantFrom(...similarities), ([query, row], similarity) => {
        const prepared = prepareQueries({ embeddings: query, dimension: query.length }, similarity);
        const least = prepared.exact(0, row);
        const score = scoreOf(prepared.vectors, row, prepared);
        const largestNorm = kernels.largestNorm(32_768, 1, row.length);
        const limit = limitOf(
          prepared.threshold(0, least, largestNorm),
          similarity === "euclidean" ? -(least ** 2) : least,
        );
        expect(Number.isFinite(score) && score < Math.fround(limit)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  law((threshold) => threshold);
  expectMutantToFail(() => law((_, least) => least)); // no room for roundings
});
