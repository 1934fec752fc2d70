import { packed } from "@kindred/tensor";
import { expect, test } from "vitest";
import { countFlops } from "./count-flops.ts";

const layout = packed([2, 3]).data; // sentences of 2 and 3 tokens: 4 + 9 pairs

test.each([
  ["KindredLinear", { x: [5, 3], weight: [7, 3], bias: [7] }, {}, 2 * 5 * 3 * 7],
  ["KindredMatmul", { a: [5, 3], b: [3, 7] }, {}, 2 * 5 * 3 * 7],
  ["KindredMatmulTransposed", { a: [5, 3], b: [7, 3] }, {}, 2 * 5 * 3 * 7],
  ["KindredTransposedMatmul", { a: [5, 3], b: [5, 7] }, {}, 2 * 5 * 3 * 7],
  ["KindredGeluLinearGradient", { dy: [5, 3], x: [5, 7], weight: [3, 7] }, {}, 2 * 5 * 3 * 7],
  ["KindredAttention", { q: [5, 8], k: [5, 8], v: [5, 8] }, layout, 2 * 2 * 13 * 8],
  ["KindredAttentionGradient", { dy: [5, 8], q: [5, 8] }, layout, 5 * 2 * 13 * 8],
  ["KindredLayerNorm", { x: [5, 8], gamma: [8] }, {}, 0],
] as const)("%s: two for each multiply-add", (name, inputs, data, expected) => {
  expect(countFlops(name, inputs, data)).toBe(expected);
});
