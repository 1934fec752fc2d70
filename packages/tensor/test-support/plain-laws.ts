import { checkOp, type Numbers, type OpCase, type OpTools } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import type fc from "fast-check";
import { expect, test } from "vitest";
import { cpu, tfjs, valueAndGradients } from "../src/index.ts";
import type { Rule } from "../src/plain-gradients/rule.ts";

type Tensors = { readonly [name: string]: tf.Tensor };
type Reference = { readonly [name: string]: Numbers };

/** What a tfjs function does, and what it must do: the reference is plain loops over float64. */
export type PlainLaw = {
  /** The kernels whose gradients it tries. */
  readonly kernels: readonly string[];
  readonly cases: fc.Arbitrary<OpCase<object, object>>;
  /** The inputs to differentiate by. Default: all. */
  readonly wrt?: readonly string[];
  /** How many calls it tries. Default 10. */
  readonly runs?: number;
  readonly run: (inputs: Tensors) => tf.Tensor | tf.Tensor[];
  readonly reference: (inputs: Reference) => ArrayLike<number> | readonly ArrayLike<number>[];
};

const tools: OpTools = { reference: cpu(), valueAndGradients };

/** The body of a law's test: value and gradient are the float64 reference's, on both engines, and nothing leaks. */
export async function checkPlainLaw({ kernels, cases, wrt, runs = 10, run, reference }: PlainLaw): Promise<void> {
  const op = Object.assign((inputs: Tensors) => tf.tidy(() => run(inputs)), {
    op: { name: kernels.join(" and "), composite: run },
  });
  for (const engine of [cpu(), tfjs()]) {
    await checkOp(tools, engine, { op, cases, wrt: wrt ?? ["x"], reference, runs });
  }
}

/** Registers the laws, and the test that every rule of the table has one. */
export function plainLaws(rules: { readonly [kernel: string]: Rule }, laws: readonly PlainLaw[]): void {
  test.each(laws.map((law) => [law.kernels.join(" and "), law] as const))(
    "%s has its reference's value and gradient",
    async (_, law) => checkPlainLaw(law),
  );
  test("every rule has a law", () => {
    const covered = new Set(laws.flatMap(({ kernels }) => kernels));
    expect(Object.keys(rules).filter((kernel) => !covered.has(kernel))).toEqual([]);
  });
}

/** Every index of a shape, rows one after another. */
export function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (indices, size) => indices.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The element at an index, where axes of size 1, and missing ones in front, are broadcast. */
export function at({ shape, values }: Numbers, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  const place = shape.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : (own[axis] ?? 0)), 0);
  return values[place] ?? Number.NaN;
}

/** The elements of a tensor of that shape. */
export function elements(shape: readonly number[], element: (index: readonly number[]) => number): number[] {
  return indicesOf(shape).map(element);
}
