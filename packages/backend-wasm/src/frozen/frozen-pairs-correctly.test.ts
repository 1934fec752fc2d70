import { relaxedSimdWorks, twoMemoriesWork } from "@kindred/side-module";
import { expect, test } from "vitest";
import { enableRevectorization } from "../node/enable-revectorization.ts";
import { frozenPairsCorrectly } from "./frozen-pairs-correctly.ts";
import { instantiateFrozenKernels } from "./instantiate-frozen-kernels.ts";

const able = relaxedSimdWorks() && twoMemoriesWork();

test.skipIf(!able).each(["linearFloats", "linearIntegers", "packIntegers"] as const)(
  "V8's pairing is correct, and a %s that gives one wrong number is noticed",
  async (name) => {
    enableRevectorization();
    expect(await frozenPairsCorrectly()).toBe(true);
    const instantiate: typeof instantiateFrozenKernels = async (variant, weights, heap, options = {}) => {
      const exports = await instantiateFrozenKernels(variant, weights, heap, options);
      if (options.twin) return exports;
      const original = exports[name] as (...numbers: number[]) => void;
      const place = { linearFloats: 7, linearIntegers: 7, packIntegers: 3 }[name]; // of the address of what is written
      return {
        ...exports,
        [name]: (...numbers: number[]) => {
          original(...numbers);
          new Int32Array(heap.buffer, numbers[place], 8)[7]! ^= 1;
        },
      };
    };
    expect(await frozenPairsCorrectly(instantiate)).toBe(false);
  },
);
