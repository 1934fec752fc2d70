import { weightShape } from "./pack-weight.ts";
import type { HostData } from "@kindred/tensor";

/**
 * The floating-point operations of one call of an op of this package: two for each multiply-add of its products. Ops without
 * products, which are bound by memory, count nothing.
 *
 * For `profileKernels` of `@kindred/tensor`.
 *
 * @example
 * ```ts
 * import { countFlops } from "@kindred/nn";
 *
 * countFlops("KindredLinear", { x: [512, 768], weight: [3072, 768] }, {}); // => 2415919104
 * ```
 */
export function countFlops(
  name: string,
  inputs: { readonly [input: string]: readonly number[] },
  data: HostData,
): number {
  const { x, weight, a, b, dy, q } = inputs;
  const [rows] = x ?? dy ?? [];
  if (weight !== undefined && rows !== undefined && weight.length > 1) {
    return 2 * rows * weightShape({ shape: weight }).reduce((product, size) => product * size, 1);
  }
  if (a !== undefined && b !== undefined) {
    const [[aRows = 0, aColumns = 0], [bRows = 0, bColumns = 0]] = [a, b];
    return 2 * aRows * aColumns * (name === "KindredMatmulTransposed" ? bRows : bColumns);
  }
  const [, hidden = 0] = q ?? [];
  const products = name === "KindredAttention" ? 2 : name === "KindredAttentionGradient" ? 5 : 0; // backward: scores and v again, dq, dk, dv
  return products * scorePairs(data["lengths"]) * 2 * hidden;
}

/** Pairs of a query and a key of one sentence, over all sentences. */
function scorePairs(lengths: HostData[string]): number {
  return lengths instanceof Int32Array ? lengths.reduce((pairs, length) => pairs + length ** 2, 0) : 0;
}
