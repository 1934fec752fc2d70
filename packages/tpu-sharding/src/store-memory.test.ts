import type { ParameterSpec } from "@kindred/encoder";
import { expect, test } from "vitest";
import { sharedVectors, storeMemory } from "./store-memory.ts";

const specs: ParameterSpec[] = [
  { name: "table", shape: [4, 3], kind: "table", rowWithoutGradient: 1 },
  { name: "weight", shape: [2, 5], kind: "matrix" },
  { name: "bias", shape: [2], kind: "shift" },
];

test("there is a vector for parameters, each slot and each core's gradients, of all elements, all zeros in one heap", () => {
  const memory = storeMemory(specs, { cores: 2, slots: ["first", "second"] });
  const { parameters, slots, gradients, heap } = memory;
  expect(Object.keys(slots)).toEqual(["first", "second"]);
  expect(gradients.length).toBe(2);
  for (const vector of [parameters, ...Object.values(slots), ...gradients]) {
    expect(vector).toEqual(new Float32Array(24));
    expect(vector.buffer).toBe(heap?.buffer);
  }
});

test("what is a table is said by its kind alone", () => {
  const { tables } = storeMemory(specs, { cores: 2, slots: [] });
  expect(Object.keys(tables)).toEqual(["table"]);
  const { rowLength, rowWithoutGradient, byCore } = tables["table"] ?? {};
  expect([rowLength, rowWithoutGradient]).toEqual([3, 1]);
  expect(byCore?.map((marks) => [...marks])).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test("vectors lie apart from each other and from what is reserved, where a cache line begins", () => {
  for (const length of [0, 1, 100_001]) {
    const { vectors, heap } = sharedVectors(length, 3);
    let end = 1024;
    for (const vector of vectors) {
      expect(vector.length).toBe(length);
      expect(vector.buffer).toBe(heap?.buffer);
      expect(vector.byteOffset % 64).toBe(0);
      expect(vector.byteOffset).toBeGreaterThanOrEqual(end);
      end = vector.byteOffset + vector.byteLength;
    }
    expect(heap?.buffer.byteLength).toBeLessThan(end + 2 ** 16 + 64);
  }
});
