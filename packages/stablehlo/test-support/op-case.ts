import type { ElementType, Graph, TensorType, Value } from "../src/index.ts";

/** A tensor in plain JavaScript: its elements in row-major order; true is 1. */
export type Plain = TensorType & { readonly values: readonly number[] };

/** One operation: how it is recorded and printed, and what it gives for some inputs, by a plain loop. */
export type OpCase = {
  readonly name: string;
  readonly inputs: readonly Plain[];
  build(graph: Graph, ...inputs: Value[]): Value;
  /** The line that makes the result: `$0`, `$1` for what it is made of. */
  readonly line: string;
  readonly expected: Plain;
  /** What may differ, as a share of the expected number and absolutely: nothing unless given. */
  readonly relative?: number;
  readonly tolerance?: number;
};

/** A tensor whose element at an index is what a function says, rounded to float32 where it is one. */
export function plain(shape: readonly number[], at: (...index: number[]) => number, type: ElementType = "f32"): Plain {
  const count = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: count }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (const length of shape.toReversed()) {
      index.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    const value = at(...index);
    return type === "f32" ? Math.fround(value) : value;
  });
  return { shape, type, values };
}

/** The element of a tensor at an index. */
export function at({ shape, values }: Plain, ...index: number[]): number {
  const flat = shape.reduce((sum, length, axis) => sum * length + (index[axis] ?? Number.NaN), 0);
  return values[flat] ?? Number.NaN;
}

/** The sum of a function of the numbers below `count`. */
export function sum(count: number, of: (i: number) => number): number {
  return Array.from({ length: count }, (_, i) => of(i)).reduce((a, b) => a + b, 0);
}
