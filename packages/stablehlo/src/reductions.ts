import type { ElementType } from "./value.ts";

const numbers: readonly ElementType[] = ["f32", "bf16", "i32", "ui32"];
const exact: readonly ElementType[] = ["f32", "i32", "ui32"];

/** How many elements become one, by StableHLO's name: the sum, product, largest, smallest, all (`and`) or any (`or`) of them. */
export type Reduction = "add" | "multiply" | "maximum" | "minimum" | "and" | "or";

/** The types that a reduction takes. */
export const reductionTypes: { readonly [K in Reduction]: readonly ElementType[] } = {
  add: numbers,
  multiply: exact,
  maximum: [...numbers, "i1"],
  minimum: [...numbers, "i1"],
  and: ["i1", "i32", "ui32"],
  or: ["i1", "i32", "ui32"],
};

const largest = { f32: Infinity, bf16: Infinity, i32: 2 ** 31 - 1, ui32: 2 ** 32 - 1, i1: 1 };
const smallest = { f32: -Infinity, bf16: -Infinity, i32: -(2 ** 31), ui32: 0, i1: 0 };
const allBits = { f32: 0, bf16: 0, i32: -1, ui32: 2 ** 32 - 1, i1: 1 };

/** What a reduction gives for no elements, which changes nothing when it is joined with others. */
export function reductionStart(kind: Reduction, type: ElementType): number {
  if (kind === "add" || kind === "or") return 0;
  if (kind === "multiply") return 1;
  if (kind === "and") return allBits[type];
  return kind === "maximum" ? smallest[type] : largest[type];
}
