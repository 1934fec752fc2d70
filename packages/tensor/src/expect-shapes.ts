import { ShapeError } from "@kindred/errors";
import type * as tf from "@tensorflow/tfjs-core";
import type { AxisSizes } from "./named-axes.ts";
import { isStandIn } from "./stand-in.ts";

/**
 * A tensor (an absent optional one is skipped), the names of its axes, and the element type it must have, if that matters. A `"weight"` is float32,
 * or only stands for one ({@link standIn}).
 */
export type ShapeExpectation<Axes extends string = string> = readonly [
  tensor: tf.Tensor | undefined,
  axes: Axes,
  dtype?: "float32" | "int32" | "weight",
];

/**
 * The sizes of all axes of several arguments, by name, where a name has one size in all of them.
 *
 * Axes are words: a name, a literal size (`"heads 64"`), or a name with the mesh axis it is cut along (`"batch@data hidden"`,
 * where the part from `@` says nothing about sizes here). `""` is a scalar. An axis of size 0 is refused: stock kernels of the
 * wasm backend return uninitialised memory for empty tensors.
 *
 * @throws ShapeError when a rank, a size or an element type does not fit; the message prints every argument's shape.
 * @example
 * ```ts
 * import { cpu, expectShapes } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const sizes = expectShapes("linear", { x: [tf.ones([2, 3]), "tokens in"], weight: [tf.ones([5, 3]), "out in"] });
 * sizes; // => { tokens: 2, in: 3, out: 5 }
 * ```
 */
export function expectShapes<const Arguments extends { readonly [name: string]: ShapeExpectation }>(
  functionName: string,
  expectations: Arguments,
): AxisSizes<Arguments[keyof Arguments][1]> {
  const sizes: Record<string, number> = {};
  const owners: Record<string, string> = {};
  for (const [name, [tensor, axes, dtype]] of Object.entries(expectations)) {
    if (tensor === undefined) continue;
    const words = axes === "" ? [] : axes.split(" ");
    const wantedType = dtype === "weight" ? (isStandIn(tensor) ? tensor.dtype : "float32") : dtype;
    if (wantedType !== undefined && tensor.dtype !== wantedType) {
      const problem = isStandIn(tensor)
        ? `${name} stands for a frozen weight, whose numbers lie elsewhere`
        : `${name} has elements of type ${tensor.dtype}`;
      fail(functionName, expectations, problem, `${name} to be ${wantedType}`);
    }
    if (tensor.shape.length !== words.length) {
      const axesWanted = words.length === 1 ? "1 axis" : `${words.length} axes`;
      fail(functionName, expectations, `${name} has rank ${tensor.shape.length}`, `${name} to have ${axesWanted}`);
    }
    for (const [i, size] of tensor.shape.entries()) {
      const [axis = ""] = (words[i] ?? "").split("@", 1);
      const wanted = /^\d+$/.test(axis) ? Number(axis) : (sizes[axis] ?? size);
      if (size === 0 && wanted === 0) {
        fail(
          functionName,
          expectations,
          `axis ${i} (${axis}) of ${name} is empty`,
          "every axis to have at least 1 element",
        );
      }
      if (size !== wanted) {
        const owner = owners[axis] === undefined ? "" : ` but ${wanted} in ${owners[axis]}`;
        const rule = owner === "" ? `${wanted} there` : "one size for each axis name";
        fail(functionName, expectations, `axis ${i} (${axis}) of ${name} is ${size}${owner}`, rule);
      }
      if (!/^\d+$/.test(axis) && owners[axis] === undefined) {
        sizes[axis] = size;
        owners[axis] = name;
      }
    }
  }
  return sizes as AxisSizes<Arguments[keyof Arguments][1]>;
}

/**
 * The sizes of a tensor's axes by name. {@link expectShapes} for one argument; the notation and the refusals are explained there.
 *
 * @throws ShapeError when the rank, a literal size or the same name's sizes do not fit, or an axis is empty.
 * @example
 * ```ts
 * import { cpu, expectShape } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const { tokens } = expectShape("meanPool", "x", tf.ones([7, 64]), "tokens hidden");
 * tokens; // => 7
 * ```
 */
export function expectShape<const Axes extends string>(
  functionName: string,
  argumentName: string,
  tensor: tf.Tensor,
  axes: Axes,
): AxisSizes<Axes> {
  return expectShapes(functionName, { [argumentName]: [tensor, axes] }) as AxisSizes<Axes>;
}

function fail(
  functionName: string,
  expectations: { readonly [name: string]: ShapeExpectation },
  problem: string,
  rule: string,
): never {
  const given = Object.entries(expectations).flatMap(([name, [tensor, axes]]) =>
    tensor === undefined ? [] : [{ name, axes, shape: [...tensor.shape], dtype: tensor.dtype }],
  );
  const shapes = given.map(({ name, axes, shape }) => `${name} "${axes}" = [${shape.join(", ")}]`).join(", ");
  throw new ShapeError(
    `${functionName}: ${problem}. Got ${shapes}, expected ${rule}. Check where the argument that differs was made.`,
    { function: functionName, arguments: given },
  );
}
