import { childKey, type Key, normal } from "@kindred/random";
import type { ParameterSpec } from "./parameter-spec.ts";

/** The values of a parameter, row by row, and its shape. */
export type ParameterValues = { readonly shape: readonly number[]; readonly values: Float32Array };

/**
 * Random first values for parameters, by name, drawn as Hugging Face's models draw them.
 *
 * Tables and matrices from a normal distribution of the spec's `deviation` (not cut off), a table's row without gradient 0,
 * gains 1, shifts 0. Each is drawn from a key of its own, made from its name, so it depends on key and spec alone.
 *
 * @example
 * ```ts
 * import { initialParameters, type ParameterSpec } from "@kindred/encoder";
 * import { keyFromSeed } from "@kindred/random";
 *
 * const specs: ParameterSpec[] = [
 *   { name: "words", shape: [4, 2], kind: "table", rowWithoutGradient: 1 },
 *   { name: "norm.weight", shape: [2], kind: "gain" },
 * ];
 * const { words, "norm.weight": gain } = initialParameters(specs, keyFromSeed(1));
 * gain; // => { shape: [2], values: [1, 1] }
 * words?.values.slice(2, 4); // => [0, 0]
 * ```
 */
export function initialParameters(specs: readonly ParameterSpec[], key: Key): { [name: string]: ParameterValues } {
  return Object.fromEntries(
    specs.map((spec) => [spec.name, { shape: spec.shape, values: initialValues(spec, childKey(key, spec.name)) }]),
  );
}

function initialValues({ shape, kind, rowWithoutGradient: row, deviation = 0.02 }: ParameterSpec, key: Key) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (kind === "gain" || kind === "shift") return new Float32Array(count).fill(kind === "gain" ? 1 : 0);
  const values = normal(key, count, { standardDeviation: deviation });
  const features = count / (shape[0] ?? 1);
  return row === undefined ? values : values.fill(0, row * features, (row + 1) * features);
}
