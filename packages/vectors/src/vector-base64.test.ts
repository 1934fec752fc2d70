import fc from "fast-check";
import { expect, test } from "vitest";
import { vectorBase64 } from "./vector-base64.ts";

test("holds the bits of every number, in whatever part of an array they lie", () => {
  expect(vectorBase64(new Float32Array())).toBe("");
  const numbers = fc.oneof(fc.float(), fc.constantFrom(0, -0, Infinity, Number.NaN));
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 3000, size: "max" }), fc.nat(5), (list, skipped) => {
      const vector = Float32Array.from(list).subarray(skipped);
      const bytes = Buffer.from(vectorBase64(vector), "base64");
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      expect(bytes.length).toBe(4 * vector.length);
      expect(vector.every((value, i) => Object.is(view.getFloat32(4 * i, true), value))).toBe(true);
    }),
    { numRuns: 30 },
  );
});
