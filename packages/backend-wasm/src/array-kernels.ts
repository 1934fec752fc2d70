import type { ArrayKernels } from "@kindred/adamw";
import { ConfigError } from "@kindred/errors";
import { instantiateKernels } from "./instantiate-kernels.ts";
import { relaxedSimdWorks } from "@kindred/side-module";
import type { KernelVariant } from "./kernel-variant.ts";

/**
 * A store's arithmetic on arrays that lie in one WebAssembly memory, in place and in one pass: AdamW takes as long as memory needs for
 * 28 bytes a parameter. In float32: weights differ from float64's by some 1e-7 of their size in ten steps. The engine brings it along,
 * and `arrayKernels` of `@kindred/adamw` asks it.
 *
 * @param memory where every array lies that will be handed over; shared or not
 * @throws ConfigError, from the kernels, when an array lies elsewhere
 *
 * @example
 * ```ts
 * import { wasmArrayKernels } from "@kindred/backend-wasm";
 *
 * const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
 * const { sumOfSquares } = await wasmArrayKernels(memory);
 * const gradient = new Float32Array(memory.buffer, 0, 2);
 * gradient.set([3, 4]);
 * sumOfSquares(gradient); // => 25
 * ```
 */
export async function wasmArrayKernels(
  memory: WebAssembly.Memory,
  { variant = relaxedSimdWorks() ? "relaxed" : "simd" }: { readonly variant?: KernelVariant } = {},
): Promise<ArrayKernels> {
  const exports = await instantiateKernels(variant, memory);
  const addressOf = (array: Float32Array): number => {
    // A worker sees one shared memory by several buffer objects, so they can't be compared.
    if (array.buffer.byteLength === memory.buffer.byteLength) return array.byteOffset;
    throw new ConfigError(
      `wasmArrayKernels: an array lies elsewhere. Got a buffer of ${array.buffer.byteLength} bytes, expected one of ` +
        `${memory.buffer.byteLength}, the kernels' memory. Allocate in it, as storeMemory does.`,
      { buffer: array.buffer.byteLength, memory: memory.buffer.byteLength },
    );
  };
  return {
    add: (a, b, sum) => {
      exports.add(addressOf(a), addressOf(b), addressOf(sum), sum.length);
    },
    sumOfSquares: (array) => exports.sumOfSquares(addressOf(array), array.length),
    adamw: ({ parameter, gradient, first, second }, { clip, beta1, beta2, epsilon, factor, kept }) => {
      const [p, g, m, v] = [addressOf(parameter), addressOf(gradient), addressOf(first), addressOf(second)];
      const ofStep = [clip, 1 - beta1, 1 - beta2, epsilon, factor, kept] as const;
      exports.adamw(p, g, m, v, p, m, v, parameter.length, ...ofStep);
    },
  };
}
