import type { RunningEngine } from "@kindred/tensor";

/** The arrays of one parameter, or of a part of it, of one length. */
export type AdamwArrays = {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
};

/** The numbers of one step of AdamW, for one parameter. */
export type AdamwNumbers = {
  /** What the gradient is multiplied by first. */
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  /** What is added to √v. */
  readonly epsilon: number;
  /** What m / (√v + epsilon) is multiplied by: −rate, with bias corrections and, where it comes after, decay. */
  readonly factor: number;
  /** What remains of the parameter: 1 − rate · λ where it decays, else 1. */
  readonly kept: number;
};

/**
 * The arithmetic of a store whose arrays lie outside an engine's tensors, in memory that threads may share. An engine may do it better
 * than JavaScript: {@link MakesArrayKernels}.
 */
export type ArrayKernels = {
  /** sum = a + b, in float32; `sum` may be one of the two. */
  add(a: Float32Array, b: Float32Array, sum: Float32Array): void;
  /** Σ x², in float64: no float32 overflows in it and none vanishes. */
  sumOfSquares(array: Float32Array): number;
  /**
   * AdamW in place, in one pass: with g ← g · clip,
   *
   *     m ← β1 m + (1 − β1) g        v ← β2 v + (1 − β2) g²        θ ← kept · θ + factor · m / (√v + ε)
   */
  adamw(arrays: AdamwArrays, numbers: AdamwNumbers): void;
};

/** In JavaScript, on arrays anywhere: each number is computed in float64 and rounded once. */
export const scriptKernels: ArrayKernels = {
  // Every index is below the length, which all arrays of a call have.
  add(a, b, sum) {
    for (let i = 0; i < sum.length; i++) sum[i] = a[i]! + b[i]!; // see above
  },
  sumOfSquares(array) {
    // Four sums, for a single one would wait for each addition before it could begin the next. `!`: all indices are below the length.
    const whole = array.length - (array.length % 4);
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < whole; i += 4) {
      a += array[i]! * array[i]!;
      b += array[i + 1]! * array[i + 1]!;
      c += array[i + 2]! * array[i + 2]!;
      d += array[i + 3]! * array[i + 3]!;
    }
    for (let i = whole; i < array.length; i++) a += array[i]! * array[i]!;
    return a + b + (c + d);
  },
  /** About 4 ns a weight, nearly all of it the root and the quotient. */
  adamw({ parameter, gradient, first, second }, { clip, beta1, beta2, epsilon, factor, kept }) {
    // `!`: all arrays of a call are as long as its gradient.
    const [rest1, rest2] = [1 - beta1, 1 - beta2];
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]! * clip;
      const m = beta1 * first[i]! + rest1 * g;
      const v = beta2 * second[i]! + rest2 * g * g;
      first[i] = m;
      second[i] = v;
      parameter[i] = kept * parameter[i]! + (factor * m) / (Math.sqrt(v) + epsilon);
    }
  },
};

/** An engine that brings its own: `wasm()` of `@kindred/backend-wasm` does. */
export type MakesArrayKernels = {
  /** The kernels for arrays in this WebAssembly memory. */
  readonly arrayKernels: (memory: WebAssembly.Memory) => Promise<ArrayKernels>;
};

/**
 * The kernels for arrays in this memory: those of the engine, if it has any and there is a memory, else JavaScript's.
 *
 * @example
 * ```ts
 * import { arrayKernels } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 *
 * const { adamw, sumOfSquares } = await arrayKernels(await cpu().start(), undefined);
 * sumOfSquares(Float32Array.of(3, 4)); // => 25
 * const [parameter, gradient] = [Float32Array.of(1, 2), Float32Array.of(3, -4)];
 * const numbers = { clip: 1, beta1: 0, beta2: 0, epsilon: 1e-6, factor: -0.1, kept: 1 };
 * adamw({ parameter, gradient, first: new Float32Array(2), second: new Float32Array(2) }, numbers);
 * parameter; // => [0.9, 2.1]
 * ```
 */
export async function arrayKernels(
  { arrayKernels: own }: RunningEngine & Partial<MakesArrayKernels>,
  memory: WebAssembly.Memory | undefined,
): Promise<ArrayKernels> {
  return memory === undefined || own === undefined ? scriptKernels : own(memory);
}
