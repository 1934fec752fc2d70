import { ShapeError } from "@kindred/errors";
import type { Shape, TensorType } from "./value.ts";

/** What a refusal shows by name: a tensor's type, a shape or axes, a number or a word. */
export type Shown = { readonly [name: string]: TensorType | Shape | number | string };

/** Throws a {@link ShapeError} that says which operation was asked for, what it got and what it takes. */
export function refuse(op: string, what: string, got: Shown, expected: string): never {
  const shown = Object.entries(got).map(([name, value]) => `${name} ${show(value)}`);
  throw new ShapeError(`${op}: ${what}. Got ${shown.join(", ")}, expected ${expected}.`, { op, ...got });
}

function show(value: Shown[string]): string {
  if (typeof value !== "object") return String(value);
  return "type" in value ? `${value.type} [${value.shape.join(", ")}]` : `[${value.join(", ")}]`;
}
