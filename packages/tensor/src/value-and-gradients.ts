import { ConfigError, ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import type { Float } from "./named-axes.ts";
import { disposeSaved, recordTape } from "./record-tape.ts";
import type { RowGradient } from "./row-gradient.ts";
import { walkBack } from "./walk-back.ts";

/** Options of {@link valueAndGradients}. */
export type ValueAndGradientsOptions = {
  /** The gradient of something later with respect to f's value, of the value's shape. Default 1, for a scalar value. */
  readonly upstream?: Float;
  /**
   * Gets each parameter's gradient as soon as it is final, when the parameter's last use in the backward pass is over: adding
   * it up elsewhere, and overwriting the parameter, are safe. The tensor is disposed after the call; `clone()` keeps it.
   */
  readonly onGradient?: (name: string, gradient: Float) => void;
  /**
   * Gets gradients of tables (`embedding` of `@kindred/nn`) as the rows that are not zero, once for each time that f looks rows up;
   * no tensor of a table's shape is made then. What f does with a table otherwise comes to `onGradient` (or the record) as
   * always, and the whole gradient is the sum. `values` is freed after the call.
   */
  readonly onRowGradient?: (name: string, gradient: RowGradient) => void;
};

/**
 * The value of `f()` and the gradient of each parameter that it depends on, by name; parameters it doesn't reach are absent.
 * The caller disposes value and gradients. With `onGradient`, gradients are handed over one by one instead, and the record is empty.
 *
 * `f` is synchronous and makes its value from the parameters with ops that have gradients. In place of `tf.grads` and
 * `tf.variableGrads`: the same numbers, but every gradient and saved tensor is freed as soon as its last reader is done (about half
 * the peak), nothing leaks when f, a gradient or onGradient throws, and it can be called inside a gradient function, where it
 * recomputes part of a model (checkpointing). No second derivatives: inside another f, its results are constants.
 *
 * @throws ShapeError when f's value is not a float32 scalar and no `upstream` is given, or the upstream's shape differs from it.
 * @throws ConfigError when one tensor is given under two names.
 * @see Griewank and Walther 2008, *Evaluating Derivatives*, chapter 3 (the reverse mode).
 * @example
 * ```ts
 * import { cpu, defineOp, type Float, type None, valueAndGradients } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const sumOfCubes = defineOp<{ x: Float }, None, None, Float<"">>({
 *   name: "ExampleSumOfCubes",
 *   check: () => {},
 *   composite: ({ x }) => tf.sum(tf.mul(tf.square(x), x)),
 *   save: ["x"],
 *   gradient: (dy, { x }) => ({ x: () => tf.mul(tf.mul(dy, 3), tf.square(x)) }),
 * });
 * const weight: Float<"n"> = tf.tensor1d([1, 2]);
 * const { value, gradients } = valueAndGradients(() => sumOfCubes({ x: weight }, {}, {}), { weight });
 * value.dataSync(); // => [9]
 * gradients.weight!.dataSync(); // => [3, 12]
 * ```
 */
export function valueAndGradients<Value extends Float, Name extends string>(
  f: () => Value,
  parameters: { readonly [name in Name]: Float },
  { upstream, onGradient, onRowGradient }: ValueAndGradientsOptions = {},
): { value: Value; gradients: { [name in Name]?: Float } } {
  const names = namesOf(parameters);
  const { value, tape } = recordTape(f);
  const gradients: { [name in Name]?: Float } = {};
  const nameOf = (parameter: tf.Tensor) => names.get(parameter) as Name; // the walk tells of sources alone, and they are the keys
  const onFinal = (parameter: tf.Tensor, gradient: tf.Tensor) => {
    const name = nameOf(parameter);
    if (onGradient === undefined) {
      gradients[name] = gradient;
      return;
    }
    try {
      onGradient(name, gradient);
    } finally {
      gradient.dispose();
    }
  };
  const onRows = onRowGradient && ((parameter: tf.Tensor, rows: RowGradient) => onRowGradient(nameOf(parameter), rows));
  try {
    const seed = seedFor(value, upstream);
    try {
      walkBack(tape, { value, upstream: seed, sources: new Set(names.keys()) }, { onFinal, onRows });
    } finally {
      if (seed !== upstream) seed.dispose();
    }
    // The caller disposes the value, so a parameter that f returns as it is may not be handed out.
    return { value: names.has(value) ? (tf.clone(value) as Value) : value, gradients };
  } catch (error) {
    disposeSaved(tape);
    tf.dispose(gradients as tf.NamedTensorMap);
    if (!names.has(value)) value.dispose();
    throw error;
  }
}

function namesOf(parameters: { readonly [name: string]: Float }): Map<tf.Tensor, string> {
  const names = new Map<tf.Tensor, string>();
  for (const [name, parameter] of Object.entries(parameters)) {
    const other = names.get(parameter);
    if (other !== undefined) {
      throw new ConfigError(
        `valueAndGradients: one tensor has two names. Got it as ${other} and ${name}, expected each parameter once. ` +
          "Give tied weights under one name.",
        { names: [other, name] },
      );
    }
    names.set(parameter, name);
  }
  return names;
}

function seedFor(value: tf.Tensor, upstream: tf.Tensor | undefined): tf.Tensor {
  if (value.dtype === "float32" && tf.util.arraysEqual(value.shape, upstream?.shape ?? []))
    return upstream ?? tf.scalar(1);
  const got = `${value.dtype} [${value.shape.join(", ")}]`;
  throw new ShapeError(
    upstream === undefined
      ? `valueAndGradients: f's value is not a scalar. Got ${got}, expected float32 []. Sum it up, or give its gradient as upstream.`
      : `valueAndGradients: upstream does not fit f's value. Got ${got} and upstream [${upstream.shape.join(", ")}], ` +
          "expected float32 and one shape. Give the gradient of exactly what f returns.",
    { value: value.shape, upstream: upstream?.shape },
  );
}
