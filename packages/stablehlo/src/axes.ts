import { refuse } from "./refuse.ts";
import type { Shape, Value } from "./value.ts";

/** @throws ShapeError if these are not axes of the tensor, each at most once */
export function expectAxes(op: string, x: Value, axes: readonly number[]): void {
  const known = axes.every((axis) => x.shape[axis] !== undefined);
  if (!known || new Set(axes).size !== axes.length)
    refuse(op, "not axes of it", { x, axes }, `different numbers from 0 to ${x.shape.length - 1}`);
}

/** @throws ShapeError if a list has not one entry for each axis */
export function expectOneEachAxis(
  op: string,
  x: Value,
  entries: { readonly [name: string]: readonly unknown[] },
): void {
  for (const [name, list] of Object.entries(entries))
    if (list.length !== x.shape.length)
      refuse(op, "not one entry an axis", { x, [name]: list.length }, `${x.shape.length} ${name}`);
}

/** A shape without some of its axes. */
export function withoutAxes(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** A shape with another length on one of its axes. */
export function withLength(shape: Shape, axis: number, length: number): Shape {
  return shape.with(axis, length);
}
