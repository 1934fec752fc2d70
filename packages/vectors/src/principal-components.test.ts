import { ConfigError, ShapeError } from "@kindred/errors";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EmbeddingRows, principalComponents, projectRows } from "./index.ts";

test("finds the direction (3, 4) / 5 of points along it, and what lies across", async () => {
  // 10 and −10 along it, 5 and −5 across; the mean is (1, 2).
  const points = [6 + 1, 8 + 2, -6 + 1, -8 + 2, 4 + 1, -3 + 2, -4 + 1, 3 + 2];
  const rows = { embeddings: Float32Array.from(points), dimension: 2 };
  const { mean, components, variances, totalVariance } = await principalComponents([rows], { dimension: 2 });
  const given = [...mean, ...components.subarray(0, 2), ...variances, totalVariance];
  for (const [i, expected] of [1, 2, 0.6, 0.8, 50, 12.5, 62.5].entries()) expect(given[i]).toBeCloseTo(expected, 12);
  const uncentred = await principalComponents([rows], { dimension: 1, centre: false });
  expect([...uncentred.mean]).toEqual([0, 0]);
  expect(uncentred.totalVariance).toBeCloseTo(62.5 + 1 + 4, 12);
});

/** Rows about a mean that may lie far away, in windows of any size. */
const sets = fc
  .record({
    seed: fc.nat(1e6),
    count: fc.integer({ min: 1, max: 23 }),
    features: fc.integer({ min: 1, max: 7 }),
    window: fc.integer({ min: 1, max: 9 }),
    far: fc.constantFrom(0, 1, 1000),
    centre: fc.boolean(),
  })
  .map(({ seed, count, features, window, far, centre }) => {
    const embeddings = floatsFromSeed(seed, count * features).map((value, i) => value * (1 + (i % features)) + far);
    const windows: EmbeddingRows[] = [];
    for (let at = 0; at < count; at += window)
      windows.push({ embeddings: embeddings.slice(at * features, (at + window) * features), dimension: features });
    return { embeddings, windows, features, count, centre };
  });

test("directions are orthonormal; along them, the mean squares of the rows are the variances, and all of them are the total", async () => {
  await fc.assert(
    fc.asyncProperty(sets, async ({ embeddings, windows, features, count, centre }) => {
      const space = await principalComponents(windows, { dimension: features, centre });
      const { mean, components, variances, totalVariance } = space;
      const row = (k: number) => components.subarray(k * features, (k + 1) * features);
      const along = (k: number) => {
        let squares = 0;
        for (let r = 0; r < count; r++)
          squares +=
            row(k).reduce((sum, c, i) => sum + c * ((embeddings[r * features + i] ?? 0) - (mean[i] ?? 0)), 0) ** 2;
        return squares / count;
      };
      const largest = Math.max(...embeddings.map(Math.abs), 1);
      // Float64 sums of squares of at most `largest`, of which the second moments lose what squares of the offset cost: rows lie near the first.
      const tolerance = 1e-12 * features * (centre ? 100 : largest * largest);
      for (let k = 0; k < features; k++) {
        for (let other = 0; other <= k; other++) {
          const product = row(k).reduce((sum, value, i) => sum + value * (row(other)[i] ?? 0), 0);
          expect(Math.abs(product - (k === other ? 1 : 0))).toBeLessThan(1e-13 * features);
        }
        expect(Math.abs(along(k) - (variances[k] ?? 0))).toBeLessThan(tolerance);
        if (k > 0) expect(variances[k]).toBeLessThanOrEqual(variances[k - 1] ?? 0);
      }
      const sum = variances.reduce((total, variance) => total + variance, 0);
      expect(Math.abs(sum - totalVariance)).toBeLessThan(tolerance);
      if (features > 1 && (variances[0] ?? 0) - (variances[1] ?? 0) > 0.1)
        expectMutantToFail(() => expect(Math.abs(along(0) - (variances[1] ?? 0))).toBeLessThan(tolerance)); // directions in another order
    }),
  );
});

test("no other directions keep more of the mean square", async () => {
  const embeddings = floatsFromSeed(3, 60 * 4).map((value, i) => value * (4 - (i % 4)));
  const space = await principalComponents([{ embeddings, dimension: 4 }], { dimension: 2, centre: false });
  const kept = (components: Float64Array) => {
    const { embeddings: projected } = projectRows(
      { embeddings, dimension: 4 },
      { mean: new Float64Array(4), components },
    );
    return projected.reduce((sum, value) => sum + value * value, 0) / 60;
  };
  const best = kept(space.components);
  expect(best).toBeCloseTo(
    space.variances.reduce((sum, value) => sum + value, 0),
    5,
  );
  fc.assert(
    fc.property(fc.double({ min: -1.5, max: 1.5, noNaN: true }), fc.nat(3), fc.nat(3), (angle, i, j) => {
      if (i === j) return;
      // Both directions turned in the plane of two axes: still orthonormal.
      const turned = space.components.slice();
      for (const start of [0, 4]) {
        const [a, b] = [space.components[start + i] ?? 0, space.components[start + j] ?? 0];
        turned[start + i] = Math.cos(angle) * a - Math.sin(angle) * b;
        turned[start + j] = Math.sin(angle) * a + Math.cos(angle) * b;
      }
      expect(kept(turned)).toBeLessThanOrEqual(best + 1e-5); // float32 projections of squares up to 64
    }),
  );
});

test("refuses no rows, windows that differ, more directions than there are, and rows of another space", async () => {
  const rows = { embeddings: Float32Array.of(1, 2, 3, 4), dimension: 2 };
  await expect(principalComponents([], { dimension: 1 })).rejects.toThrow(ShapeError);
  await expect(principalComponents([rows, { ...rows, dimension: 4 }], { dimension: 1 })).rejects.toThrow(
    "windows of different dimensions. Got 4 after 2",
  );
  await expect(principalComponents([rows], { dimension: 3 })).rejects.toThrow(ConfigError);
  const space = await principalComponents([rows], { dimension: 1 });
  expect(() => projectRows({ ...rows, dimension: 4 }, space)).toThrow("Got 4, expected the components' 2");
});
