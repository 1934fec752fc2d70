import { childKey, keyFromSeed, normal } from "@kindred/random";

/**
 * A product of [rows, inner] and [inner, columns]. In form "NT" the right operand lies transposed, in "TN" the left one.
 *
 * @typedef {{ rows: number, inner: number, columns: number, form: "NN" | "NT" | "TN", repeats: number }} ProductSetup
 */

/**
 * The operands as they lie in memory, the same on every side, and the work of one product.
 *
 * @param {ProductSetup} setup
 */
export function productInputs({ rows, inner, columns, form }) {
  const key = keyFromSeed("product");
  const operand = (/** @type {string} */ name, /** @type {[number, number]} */ shape) => ({
    shape,
    values: normal(childKey(key, name), shape[0] * shape[1], {}),
  });
  return {
    left: operand("left", form === "TN" ? [inner, rows] : [rows, inner]),
    right: operand("right", form === "NT" ? [columns, inner] : [inner, columns]),
    gigaflop: (2 * rows * inner * columns) / 1e9,
  };
}
