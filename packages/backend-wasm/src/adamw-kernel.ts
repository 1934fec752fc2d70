import { ConfigError } from "@kindred/errors";
import { instantiateKernels } from "./instantiate-kernels.ts";
import type { KernelVariant } from "./kernel-variant.ts";
import { relaxedSimdWorks } from "./relaxed-simd-works.ts";

/** What `adamwInPlace` of `@kindred/adamw` takes as its kernel, and `parameterExchange` of `@kindred/tpu-sharding` as its addition. */
export type WasmAdamwKernel = {
  /** sum = a + b, in float32; `sum` may be one of the two. */
  readonly add: (a: Float32Array, b: Float32Array, sum: Float32Array) => void;
  /** Σ x², in float64. */
  readonly sumOfSquares: (array: Float32Array) => number;
  /** One step of one parameter: writes the parameter and both moments. */
  readonly step: (
    arrays: {
      readonly parameter: Float32Array;
      readonly gradient: Float32Array;
      readonly firstMoment: Float32Array;
      readonly secondMoment: Float32Array;
    },
    numbers: {
      readonly clip: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly factor: number;
      readonly kept: number;
      readonly keptOfStep: number;
    },
  ) => void;
};

/**
 * AdamW on arrays that lie in one WebAssembly memory (`sharedHeap` of `@kindred/tpu-sharding`), in place and in one pass: it takes as long as
 * memory needs for 28 bytes a parameter. In float32: weights differ from float64's by some 1e-7 of their size in ten steps.
 *
 * @param memory where every array lies that will be handed over; shared or not
 * @throws ConfigError, from the kernel, when an array lies elsewhere
 *
 * @example
 * ```ts
 * import { adamwKernel } from "@kindred/backend-wasm";
 *
 * const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
 * const { sumOfSquares } = await adamwKernel(memory);
 * const gradient = new Float32Array(memory.buffer, 0, 2);
 * gradient.set([3, 4]);
 * sumOfSquares(gradient); // => 25
 * ```
 */
export async function adamwKernel(
  memory: WebAssembly.Memory,
  { variant = relaxedSimdWorks() ? "relaxed" : "simd" }: { readonly variant?: KernelVariant } = {},
): Promise<WasmAdamwKernel> {
  const exports = await instantiateKernels(variant, memory);
  const addressOf = (array: Float32Array): number => {
    // A worker sees one shared memory by several buffer objects, so they can't be compared.
    if (array.buffer.byteLength === memory.buffer.byteLength) return array.byteOffset;
    throw new ConfigError(
      `adamwKernel: an array lies elsewhere. Got a buffer of ${array.buffer.byteLength} bytes, expected one of ` +
        `${memory.buffer.byteLength}, the kernel's memory. Allocate with sharedHeap.`,
      { buffer: array.buffer.byteLength, memory: memory.buffer.byteLength },
    );
  };
  return {
    add: (a, b, sum) => {
      exports.add(addressOf(a), addressOf(b), addressOf(sum), sum.length);
    },
    sumOfSquares: (array) => exports.sumOfSquares(addressOf(array), array.length),
    step: ({ parameter, gradient, firstMoment, secondMoment }, numbers) => {
      const { clip, beta1, beta2, epsilon, factor, kept, keptOfStep } = numbers;
      exports.adamw(
        addressOf(parameter),
        addressOf(gradient),
        addressOf(firstMoment),
        addressOf(secondMoment),
        parameter.length,
        ...[clip, 1 - beta1, 1 - beta2, epsilon, factor * keptOfStep, kept],
      );
    },
  };
}
