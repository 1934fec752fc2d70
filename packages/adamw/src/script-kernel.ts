import type { AdamwArrays, AdamwKernel, AdamwNumbers } from "./adamw-kernel.ts";
import { sumOfSquares } from "./sum-of-squares.ts";

/**
 * The kernel of `adamwInPlace` in JavaScript, on arrays anywhere: each step is computed in float64 and rounded once. About 4 ns a
 * weight, nearly all of it the root and the quotient.
 *
 * @example
 * ```ts
 * import { adamwInPlace, scriptKernel } from "@kindred/adamw";
 *
 * const optimizer = adamwInPlace({ kernel: scriptKernel, learningRate: () => 0.1 });
 * const weights = { w: Float32Array.of(1, 2) };
 * optimizer.step({ w: Float32Array.of(3, -4) }, optimizer.init(weights), weights);
 * weights.w; // => [0.9, 2.1]
 * ```
 */
export const scriptKernel: AdamwKernel = { sumOfSquares, step };

function step({ parameter, gradient, firstMoment, secondMoment }: AdamwArrays, numbers: AdamwNumbers): void {
  const { beta1, beta2, epsilon, factor, clip, kept, keptOfStep } = numbers;
  const [rest1, rest2] = [1 - beta1, 1 - beta2];
  const rate = keptOfStep * factor;
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]! * clip;
    const m = beta1 * firstMoment[i]! + rest1 * g;
    const v = beta2 * secondMoment[i]! + rest2 * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    parameter[i] = kept * parameter[i]! + (rate * m) / (Math.sqrt(v) + epsilon);
  }
}
