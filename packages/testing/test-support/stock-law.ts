import * as tf from "@tensorflow/tfjs-core";
import type { Numbers } from "../src/numbers.ts";
import { type OpInput, opCases } from "../src/op-case.ts";
import { differentiateByTfjs } from "../src/op-evaluation.ts";
import { opLaw } from "../src/op-law.ts";

// The gradients under test are those of plain functions of tensors, held against central differences of plain functions of numbers.
const engine = {
  startBackend: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
  },
  valueAndGradients: differentiateByTfjs,
};

type Tensors = { [name: string]: tf.Tensor };
type Reference = (inputs: { readonly [name: string]: Numbers }) => ArrayLike<number>;

/** The law of one stock op's registered gradient, on random inputs with these axes. */
export function stockLaw(
  name: string,
  axes: { readonly [input: string]: string },
  {
    f,
    reference,
    values,
    wrt,
  }: { f: (x: Tensors) => tf.Tensor; reference: Reference; values?: Values; wrt?: string[] },
): void {
  const op = Object.assign((inputs: Tensors) => tf.tidy(() => f(inputs)), { op: { name, composite: f } });
  const cases = opCases(axes, { sizes: { i: { max: 7 }, j: { max: 5 }, k: { max: 4 } }, ...(values && { values }) });
  opLaw(engine, { op, cases, wrt: wrt ?? Object.keys(axes), reference, runs: 5 }, { backends: ["cpu"] });
}
/** How the values of an input are made, where any numbers will not do. */
export type Values = {
  [input: string]: (seed: number, count: number, sizes: { readonly [axis: string]: number }) => OpInput["values"];
};

/** Distinct values away from 0, so that kinks and poles are far: ±0.5, ±0.625, … in an order that depends on the seed. */
export const apart = (seed: number, count: number) =>
  Float32Array.from(
    { length: count },
    (_, i) => (0.5 + ((i * 7 + seed) % count) / 8) * (Math.imul(i + seed, 0x9e3779b1) < 0 ? -1 : 1),
  );

/** The same without their signs. */
export const positive = (seed: number, count: number) => apart(seed, count).map(Math.abs);

/** Element `[i, j]` of a matrix. */
export const at = ({ shape, values }: Numbers, i: number, j: number): number => values[i * shape[1]! + j]!;

/** A matrix by a function of its places, row by row. */
export const table = (rows: number, columns: number, of: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: rows * columns }, (_, n) => of(Math.floor(n / columns), n % columns));
