import fc from "fast-check";
import { expect, test } from "vitest";
import { MinHeap } from "./min-heap.ts";

test("whatever is put in and taken out between, the smallest comes out first", () => {
  const heap = new MinHeap(); // kept, so that what an earlier run left would show
  const step = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.double({ noNaN: true }), fc.constant("pop" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const kept: number[] = [];
      for (const each of steps) {
        if (each !== "pop") {
          heap.push(each);
          kept.push(each);
          kept.sort((a, b) => a - b);
        } else if (kept.length > 0) expect(heap.pop()).toBe(kept.shift());
        expect(heap.count).toBe(kept.length);
      }
      while (heap.count > 0) expect(heap.pop()).toBe(kept.shift());
    }),
  );
});
