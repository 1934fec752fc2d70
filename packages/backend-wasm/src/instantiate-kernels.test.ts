import { describe, expect, test } from "vitest";
import { instantiateKernels } from "./instantiate-kernels.ts";
import { relaxedSimdWorks } from "@kindred/side-module";

describe.each(["simd", "relaxed", "wide"] as const)("the %s module", (variant) => {
  test.skipIf(variant !== "simd" && !relaxedSimdWorks()).each([false, true])(
    "works on a memory that is shared: %s",
    async (shared) => {
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared });
      const exports = await instantiateKernels(variant, memory);
      const x = new Float32Array(memory.buffer, 1024, 4).fill(1.5);
      exports.add(1024, 1024, 2048, 4);
      expect(new Float32Array(memory.buffer, 2048, 4)).toEqual(x.map((value) => 2 * value));
    },
  );

  test.skipIf(variant !== "simd" && !relaxedSimdWorks())(
    "has a twin of other bytes and the same functions",
    async () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
      const [one, twin] = [
        await instantiateKernels(variant, memory),
        await instantiateKernels(variant, memory, { twin: true }),
      ];
      expect(Object.keys(twin)).toEqual(Object.keys(one));
    },
  );
});
