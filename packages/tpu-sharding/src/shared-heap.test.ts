import { expect, test } from "vitest";
import { sharedHeap } from "./shared-heap.ts";

test("arrays lie in the heap, apart from each other and from what is reserved", () => {
  const { arrays, heap } = sharedHeap({ none: 0, one: 1, many: 100_000, last: 3 }, { reserve: 100 });
  expect(Object.values(arrays).map(({ length }) => length)).toEqual([0, 1, 100_000, 3]);
  let end = 100;
  for (const array of Object.values(arrays)) {
    expect(array.buffer).toBe(heap!.buffer);
    expect(array.byteOffset % 64).toBe(0);
    expect(array.byteOffset).toBeGreaterThanOrEqual(end);
    expect(array.every((x) => x === 0)).toBe(true);
    end = array.byteOffset + array.byteLength;
  }
  expect(heap!.buffer.byteLength).toBeLessThan(end + 2 ** 16);
});

test("what does not fit a heap gets memory of its own", () => {
  const { arrays, heap } = sharedHeap({ small: 1 }, { reserve: 2 ** 32 });
  expect(heap).toBeUndefined();
  expect(arrays.small).toEqual(new Float32Array(new SharedArrayBuffer(4)));
});
