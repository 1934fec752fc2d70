import { ConfigError } from "@kindred/errors";
import { twoMemoriesWork } from "@kindred/side-module";
import type { KernelVariant } from "../kernel-variant.ts";
import { frozenPairsCorrectly } from "./frozen-pairs-correctly.ts";
import { instantiateFrozenKernels } from "./instantiate-frozen-kernels.ts";
import { type WeightForms, weightForms } from "./weight-forms.ts";

/** Where `startWeightForms` works, and how. */
export type WeightFormsOptions = {
  /** The build of the kernels. What is started may be `"relaxed"` for `"wide"`, where V8's pairing gives wrong numbers. */
  readonly variant: KernelVariant;
  /** Where packed weights and scratch lie. It may be shared, and has a maximum of at most 65,536 pages. */
  readonly weights: WebAssembly.Memory;
  /** Where x, biases, y and weights to be packed lie: the heap of tfjs. It may be the same memory. */
  readonly heap: WebAssembly.Memory;
};

/**
 * The arithmetic of linear maps whose weights are no longer trained, in three forms.
 *
 * -  `float32`: the same bits as `linear` of `@kindred/nn` by a weight that `packWeight` gave, with the same variant.
 * -  `bfloat16`: weights rounded to 8 significant bits, half to even, and widened where they are multiplied: half the memory to read, which is
 *    what a product of few rows waits for. Sums are of float32.
 * -  `int8`: whole numbers, quantised row by row: a row of the weight is scale·w with |w| ≤ 63, 7 bits, and a row of x is scale·a + middle with
 *    8 bits, −128 ≤ a ≤ 127, found anew at each product. The sums are exact, so all variants give the same bits, but for GELU of x. A row that is
 *    not finite gives NaN.
 *
 * Products read x where it lies and write y where it lies, in the heap, so no thread copies activations, while packed weights lie once in a memory that
 * all threads share.
 *
 * How packed weights lie depends on the variant that was started, `variant` of the result: threads that share them have the same.
 *
 * @param check whether V8's pairing may be trusted with `"wide"`
 *
 * @throws ConfigError when the memories are two and this variant, or this engine, knows one only
 *
 * @example
 * ```ts
 * import { startWeightForms } from "@kindred/backend-wasm";
 *
 * const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
 * const { int8 } = await startWeightForms({ variant: "simd", weights: memory, heap: memory });
 * const [x, y] = [new Float32Array(memory.buffer, 64, 2), new Float32Array(memory.buffer, 192, 3)];
 * new Float32Array(memory.buffer, 128, 6).set([1, 0, 0, 1, 1, 1]);
 * x.set([2, 3]);
 * int8.pack({ weight: 128, out: 3, inner: 2, to: 1024, scratch: 8192 });
 * int8.linear({ x: 64, rows: 1, inner: 2, packed: 1024, out: 3, bias: 0, y: 192, activated: false, scratch: 8192 });
 * Array.from(y, Math.round); // => [2, 3, 5]
 * ```
 */
export async function startWeightForms(
  { variant, weights, heap }: WeightFormsOptions,
  check: () => Promise<boolean> = frozenPairsCorrectly,
): Promise<WeightForms> {
  if (weights !== heap && (variant === "simd" || !twoMemoriesWork())) {
    throw new ConfigError(
      `startWeightForms: two memories need relaxed SIMD and multi-memory. Got variant ${variant}${variant === "simd" ? "" : " in an engine without them"}, ` +
        "expected relaxed or wide in Node 22 and later. Give one memory for both.",
      { variant },
    );
  }
  const chosen = variant === "wide" && !(await check()) ? "relaxed" : variant;
  return weightForms(chosen, await instantiateFrozenKernels(chosen, weights, heap));
}
