import type { ParameterSpec } from "./parameter-spec.ts";

/**
 * The parameters of an affine map y = x·weightᵀ + bias: `name.weight`, a matrix, and `name.bias`.
 *
 * @example
 * ```ts
 * import { linearSpecs } from "@kindred/encoder";
 *
 * linearSpecs("dense", { out: 4, in: 8 }).map(({ name, shape }) => [name, ...shape]); // => [["dense.weight", 4, 8], ["dense.bias", 4]]
 * ```
 */
export function linearSpecs(
  name: string,
  sizes: { readonly out: number; readonly in: number; readonly deviation?: number },
): ParameterSpec[] {
  const deviation = sizes.deviation === undefined ? {} : { deviation: sizes.deviation };
  return [
    { name: `${name}.weight`, shape: [sizes.out, sizes.in], kind: "matrix", ...deviation },
    { name: `${name}.bias`, shape: [sizes.out], kind: "shift" },
  ];
}

/**
 * The parameters of a layer norm over `hidden` features: `name.weight`, its gain, and `name.bias`, its shift.
 *
 * @example
 * ```ts
 * import { layerNormSpecs } from "@kindred/encoder";
 *
 * layerNormSpecs("LayerNorm", 8).map(({ kind }) => kind); // => ["gain", "shift"]
 * ```
 */
export function layerNormSpecs(name: string, hidden: number): ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [hidden], kind: "gain" },
    { name: `${name}.bias`, shape: [hidden], kind: "shift" },
  ];
}
