import type { OpCase } from "./op-case.ts";

/** An array of numbers with a shape: what a float64 reference takes and an op's input is made from. Rows lie one after another. */
export type Numbers = { readonly shape: readonly number[]; readonly values: Float64Array };

/** The inputs of a call that are given, in float64. */
export function numbersOf(inputs: OpCase<object, object>["inputs"]): { readonly [name: string]: Numbers } {
  const given = Object.entries(inputs).flatMap(([name, input]) => (input ? [[name, input] as const] : []));
  return Object.fromEntries(
    given.map(([name, { shape, values }]) => [name, { shape, values: Float64Array.from(values) }]),
  );
}
