/** What an element is: a float of 32 or 16 bits, a whole number of 32 bits with or without a sign, or true and false. */
export type ElementType = "f32" | "bf16" | "i32" | "ui32" | "i1";

/** A shape: the length of each axis, the slowest first. */
export type Shape = readonly number[];

/** A tensor of a program that a {@link Graph} records: its type is known, its elements are when the program runs. */
export type Value = {
  /** Its place in the order of recording. A fork of the graph knows it by the same number. */
  readonly id: number;
  readonly shape: Shape;
  readonly type: ElementType;
};

/** A tensor's type without its place: what goes into a program and what comes out. */
export type TensorType = { readonly shape: Shape; readonly type: ElementType };

/**
 * How many elements a shape holds: 1 for a scalar's, which is empty.
 *
 * @example
 * ```ts
 * import { elementCount } from "@kindred/stablehlo";
 *
 * [elementCount([2, 3]), elementCount([])]; // => [6, 1]
 * ```
 */
export function elementCount(shape: Shape): number {
  return shape.reduce((count, length) => count * length, 1);
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** A tensor's type as programs write it: `tensor<2x3xf32>`. */
export function typeText({ shape, type }: TensorType): string {
  return `tensor<${[...shape, type].join("x")}>`;
}

/** Numbers in brackets, as attributes have them: `[0, 2]`. */
export function listText(numbers: readonly (number | string)[]): string {
  return `[${numbers.join(", ")}]`;
}
