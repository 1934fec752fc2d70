import type { ParameterSpec } from "@kindred/encoder";
import { expect, test } from "vitest";
import { parameterViews, sharedVectors, storeMemory } from "./store-memory.ts";

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

test("of what is frozen there is nothing but the parameters", () => {
  const memory = storeMemory(specs, { cores: 2, slots: ["first"], isFrozen: ({ name }) => name !== "weight" });
  expect(memory.parameters.length).toBe(24);
  expect([memory.slots["first"], ...memory.gradients].map((vector) => vector?.length)).toEqual([10, 10, 10]);
  expect(memory.tables).toEqual({});
  expect(Object.keys(parameterViews(memory.shards, memory.parameters)).sort()).toEqual(["bias", "table", "weight"]);
  expect(Object.keys(parameterViews(memory.shards, memory.gradients[0] ?? memory.parameters))).toEqual(["weight"]);
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
    const { vectors, heap } = sharedVectors([length, 7, length]);
    let end = 1024;
    for (const [i, vector] of vectors.entries()) {
      expect(vector.length).toBe(i === 1 ? 7 : length);
      expect(vector.buffer).toBe(heap?.buffer);
      expect(vector.byteOffset % 64).toBe(0);
      expect(vector.byteOffset).toBeGreaterThanOrEqual(end);
      end = vector.byteOffset + vector.byteLength;
    }
    expect(heap?.buffer.byteLength).toBeLessThan(end + 2 ** 16 + 64);
  }
});
