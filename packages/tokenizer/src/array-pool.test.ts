import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ArrayPool } from "./array-pool.ts";

const values = Int32Array.from({ length: 2000 }, (_, i) => i + 1);
const count = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(255, 256, 257, 1023, 1024, 1025, 2000));

test("copies never overlap: each keeps its values whatever is written to the others", () => {
  const law = (copy: (values: Int32Array, count: number) => Int32Array) =>
    fc.assert(
      fc.property(fc.array(count, { maxLength: 60 }), (counts) => {
        const copies = counts.map((some) => copy(values, some));
        for (const [i, some] of copies.entries()) {
          expect(some).toEqual(values.slice(0, counts[i]));
          some.fill(0);
        }
      }),
    );
  law((...some) => new ArrayPool().copy(...some));
  const pool = new ArrayPool();
  law((...some) => pool.copy(...some));
  const shared = values.slice();
  expectMutantToFail(() => law((_, some) => shared.subarray(0, some)));
});

test("small copies share a block of 4 KB, and a large one has its own memory", () => {
  const pool = new ArrayPool();
  const [a, b] = [pool.copy(values, 10), pool.copy(values, 20)];
  expect([a.buffer === b.buffer, a.buffer.byteLength]).toEqual([true, 4096]);
  expect(pool.copy(values, 257).buffer.byteLength).toBe(4 * 257);
});

test("goes on with a new block where somebody has transferred the old one", () => {
  const pool = new ArrayPool();
  const { buffer } = pool.copy(values, 10);
  structuredClone(buffer, { transfer: [buffer] });
  expect(pool.copy(values, 10)).toEqual(values.slice(0, 10));
});
