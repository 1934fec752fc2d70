import fc from "fast-check";
import { expect, test } from "vitest";
import { blockLayout } from "./block-layout.ts";

test("sentences of a few tokens lie in blocks of 64 rows, two by two; longer ones in the next power of two", () => {
  expect(blockLayout(Int32Array.of(5)).fixed).toEqual({ batch: 1, rows: 64, longest: 64, blocks: 1 });
  expect(blockLayout(Int32Array.of(60, 60, 60)).fixed).toEqual({ batch: 3, rows: 256, longest: 64, blocks: 4 });
  expect(blockLayout(Int32Array.of(3, 130), Int32Array.of(7, 9))).toMatchObject({
    fixed: { batch: 2, rows: 256, longest: 256, blocks: 1 },
    data: { lengths: Int32Array.of(3, 130), numbers: Int32Array.of(7, 9) },
  });
});

test("batches of any lengths have one of few shapes, with each sentence in it", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(lengths, (given) => {
      const { fixed, data } = blockLayout(Int32Array.from(given));
      expect([64, 128, 256, 512]).toContain(fixed.longest);
      expect(fixed.blocks === 1 || (fixed.blocks ?? 1) % 2 === 0).toBe(true);
      expect([...data.lengths]).toEqual(given);
      expect(data.segments?.filter((segment) => segment >= 0).length).toBe(
        given.reduce((sum, length) => sum + length, 0),
      );
    }),
  );
});
