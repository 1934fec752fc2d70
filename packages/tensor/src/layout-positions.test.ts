import { arbitraryLengths, expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { layoutBatch, layoutPositions, layoutRowCount, packedLayout, paddedLayout, sentenceSpan } from "./index.ts";

const startsOf = (lengths: readonly number[]) => {
  let rows = 0;
  return [0, ...lengths.map((length) => (rows += length))];
};

test("both forms of one batch give every sentence the same positions, and padding none", () => {
  const law = (lengths: readonly number[], otherLengths = lengths) => {
    const forms = [packedLayout(startsOf(lengths)), paddedLayout(otherLengths, Math.max(...otherLengths) + 2)];
    for (const layout of forms) {
      const positions = layoutPositions(layout);
      expect(positions.length).toBe(layoutRowCount(layout));
      expect(layoutBatch(layout)).toBe(lengths.length);
      for (const [i, wanted] of lengths.entries()) {
        const { start, length } = sentenceSpan(layout, i);
        expect([...positions.subarray(start, start + length)]).toEqual(Array.from({ length: wanted }, (_, p) => p));
      }
      expect(positions.filter((p) => p >= 0).length).toBe(lengths.reduce((sum, length) => sum + length, 0));
    }
  };
  fc.assert(fc.property(arbitraryLengths(), (lengths) => law(lengths)));
  expectMutantToFail(() => law([2, 3], [3, 3]));
});

test("are computed once for a layout object", () => {
  const layout = packedLayout([0, 4]);
  expect(layoutPositions(layout)).toBe(layoutPositions(layout));
});
