import type { OpCase, OpInput } from "./op-case.ts";

/** One rounding of a float32 number, as a share of it. */
const rounding = 2 ** -23;

/** The inputs of a call with every float moved by one rounding, up or down at random. Whole numbers stay. */
export function nudged(inputs: OpCase<object, object>["inputs"], seed: number): OpCase<object, object>["inputs"] {
  const up = (i: number) => Math.imul(seed + i, 0x9e3779b1) < 0;
  const nudge = ({ shape, values }: OpInput): OpInput => ({
    shape,
    values:
      values instanceof Int32Array ? values : values.map((value, i) => value * (1 + (up(i) ? rounding : -rounding))),
  });
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input && nudge(input)]));
}

/** The largest change of any element from `at` to one of the others, and at least one rounding of the largest element. */
export function largestChange(at: ArrayLike<number>, others: readonly ArrayLike<number>[]): number {
  let change = rounding * largestElement(at);
  for (const other of others) {
    for (let i = 0; i < at.length; i++) change = Math.max(change, Math.abs(at[i]! - other[i]!)); // equally long
  }
  return change;
}

/** The largest absolute value, 0 for an empty array. NaN elements don't count. */
export function largestElement(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!); // i is below the length
    if (size > most) most = size;
  }
  return most;
}
