import fc from "fast-check";
import type { Graph, Value } from "../src/index.ts";

/** One thing to record: what it uses are numbers of earlier values, taken modulo how many there are. */
export type Step =
  | { readonly kind: "parameter" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "unary"; readonly op: "negate" | "floor"; readonly x: number }
  | {
      readonly kind: "binary";
      readonly op: "add" | "subtract" | "multiply" | "maximum";
      readonly x: number;
      readonly y: number;
    }
  | { readonly kind: "call"; readonly name: string; readonly factor: number; readonly x: number; readonly y: number };

/** How many elements each value of a recipe has. */
export const LENGTH = 3;

const number = fc.constantFrom(-0, 0, 1, -1, 0.5, 2, 1 + 2 ** -23, Infinity, -Infinity, Number.NaN);
const place = fc.nat(40);

/** Steps that lead to many equal and many nearly equal values. */
export const steps = (length: { readonly maxLength: number } = { maxLength: 25 }): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("parameter" as const) }),
      fc.record({ kind: fc.constant("constant" as const), value: number }),
      fc.record({ kind: fc.constant("unary" as const), op: fc.constantFrom("negate", "floor"), x: place }),
      fc.record({
        kind: fc.constant("binary" as const),
        op: fc.constantFrom("add", "subtract", "multiply", "maximum"),
        x: place,
        y: place,
      }),
      fc.record({
        kind: fc.constant("call" as const),
        name: fc.constantFrom("f", "g g", "main"),
        factor: number,
        x: place,
        y: place,
      }),
    ),
    length,
  );

/** A value, and what its elements are when each parameter is what `argument` says. */
export type Known = { readonly value: Value; readonly elements: readonly number[] };

/** The elements of the i-th parameter that a recipe makes. */
export const argument = (i: number): number[] => Array.from({ length: LENGTH }, (_, j) => (i + 1) / 4 - j);

/** Records steps, beginning with one parameter, and computes beside it what each value is. */
export function follow(graph: Graph, recipe: readonly Step[], known: readonly Known[] = []): Known[] {
  const all = [...known];
  const parameters = () => all.filter(({ value }) => isParameter.has(value)).length;
  const parameter = () => {
    const elements = argument(parameters());
    const value = graph.parameter([LENGTH]);
    isParameter.add(value);
    all.push({ value, elements });
  };
  if (all.length === 0) parameter();
  // At least the first parameter is there.
  const pick = (number: number): Known => all[number % all.length] as Known;
  const { fround, max, floor } = Math;
  const pairwise = (x: Known, y: Known, f: (x: number, y: number) => number) =>
    x.elements.map((value, i) => fround(f(value, y.elements[i] ?? Number.NaN)));
  const binary = {
    add: (x: number, y: number) => x + y,
    subtract: (x: number, y: number) => x - y,
    multiply: (x: number, y: number) => x * y,
    maximum: max,
  };
  for (const step of recipe) {
    if (step.kind === "parameter") parameter();
    else if (step.kind === "constant")
      all.push({
        value: graph.constant(step.value, "f32", [LENGTH]),
        elements: Array.from({ length: LENGTH }, () => fround(step.value)),
      });
    else if (step.kind === "unary") {
      const x = pick(step.x);
      all.push({
        value: graph.unary(step.op, x.value),
        elements: x.elements.map(step.op === "negate" ? (value) => -value : floor),
      });
    } else if (step.kind === "binary") {
      const [x, y] = [pick(step.x), pick(step.y)];
      all.push({ value: graph.binary(step.op, x.value, y.value), elements: pairwise(x, y, binary[step.op]) });
    } else {
      const [x, y] = [pick(step.x), pick(step.y)];
      const [scaled, difference] = graph.call(step.name, [x.value, y.value], (body, a, b) => [
        body.binary("multiply", a, step.factor),
        body.binary("subtract", a, b),
      ]);
      all.push({ value: scaled, elements: x.elements.map((value) => fround(value * fround(step.factor))) });
      all.push({ value: difference, elements: pairwise(x, y, binary.subtract) });
    }
  }
  return all;
}

const isParameter = new WeakSet<Value>();

/** The elements of a program's arguments, for values that a recipe made. */
export function argumentsFor(parameters: readonly Value[], known: readonly Known[]): (readonly number[])[] {
  return parameters.map((parameter) => known.find(({ value }) => value === parameter)?.elements ?? []);
}
