import { readJson, sharedExists, sharedPath } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { relativeBucket, relativeBuckets } from "./mpnet.ts";

const distance = fc.oneof(fc.integer({ min: -600, max: 600 }), fc.integer());

test("buckets begin where the published table says", () => {
  // The first n of each bucket from 8 to 15, and the last one before it.
  const firsts = [8, 12, 16, 23, 32, 46, 64, 91];
  expect(firsts.map((n) => relativeBucket(-n))).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  expect(firsts.map((n) => relativeBucket(-(n - 1)))).toEqual([7, 8, 9, 10, 11, 12, 13, 14]);
});

test("buckets are whole numbers from 0 to 31, never 16", () => {
  fc.assert(
    fc.property(distance, (d) => {
      const bucket = relativeBucket(d);
      expect(Number.isInteger(bucket) && bucket >= 0 && bucket < 32 && bucket !== 16).toBe(true);
    }),
  );
});

test("buckets never fall with distance, on either side", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      const [near, far] = [Math.min(a, b), Math.max(a, b)];
      expect(relativeBucket(-far)).toBeGreaterThanOrEqual(relativeBucket(-near));
      if (near > 0) expect(relativeBucket(far)).toBeGreaterThanOrEqual(relativeBucket(near));
    }),
  );
});

test("past and future never share a bucket", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.nat(), (future, past) => {
      expect(relativeBucket(future)).toBeGreaterThan(15);
      expect(relativeBucket(-past)).toBeLessThan(16);
    }),
  );
});

test.skipIf(!sharedExists("golden", "mpnet-tiny", "relative-buckets.json"))(
  "equals transformers from −600 to 600",
  () => {
    const golden = readJson<{ buckets32: number[]; buckets8: number[] }>(
      sharedPath("golden", "mpnet-tiny", "relative-buckets.json"),
    );
    expect(relativeBuckets(600)).toEqual(Int32Array.from(golden.buckets32));
    expect(relativeBuckets(600)).not.toEqual(Int32Array.from(golden.buckets8));
  },
);
