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
  const rows = (x ?? dy)?.[0];
  if (weight !== undefined && rows !== undefined && weight.length > 1) {
    return product(rows, ...(weightShape({ shape: weight }) as [number, number]));
  }
  if (name === "KindredMatmul" && a && b) return product(a[0]!, a[1]!, b[1]!);
  if (name === "KindredMatmulTransposed" && a && b) return product(a[0]!, a[1]!, b[0]!);
  if (name === "KindredTransposedMatmul" && a && b) return product(a[0]!, a[1]!, b[1]!);
  if (q === undefined) return 0;
  const products = name === "KindredAttention" ? 2 : name === "KindredAttentionGradient" ? 5 : 0; // backward: scores and v again, dq, dk, dv
  return products * scorePairs(data["lengths"]) * 2 * q[1]!;
}

function product(rows: number, inner: number, columns: number): number {
  return 2 * rows * inner * columns;
}

/** Pairs of a query and a key of one sentence, over all sentences. */
function scorePairs(lengths: HostData[string]): number {
  return lengths instanceof Int32Array ? lengths.reduce((pairs, length) => pairs + length ** 2, 0) : 0;
}
