import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** Places in the numbers of a step, as `adamw(…).numbers` of `@kindred/adamw` lays them out. */
export const adamwNumber = { rate: 0, factor: 1, decayedFactor: 2, epsilon: 3, kept: 4 } as const;
/** How many they are. */
const adamwNumberCount = 5;

/** What {@link adamwOp} takes: a parameter with its moments, a gradient, and the numbers of the step as tensors. */
export type AdamwInputs = {
  readonly parameter: Float;
  readonly gradient: Float;
  readonly first: Float;
  readonly second: Float;
  readonly numbers: Float<"n">;
  readonly clip: Float<"">;
};

/** What does not change between steps. */
export type AdamwConstants = { readonly beta1: number; readonly beta2: number; readonly decays: boolean };

/**
 * One parameter's step of AdamW as an op that an engine may implement: [parameter, first, second] after it. What changes with the
 * step comes as tensors, so a recorded program takes the next step with other operands.
 *
 * Where `clip` is not finite all three stay as they are; gradients that a finite one belongs to are finite.
 */
export const adamwOp = defineOp<AdamwInputs, None, AdamwConstants, [Float, Float, Float]>({
  name: "KindredAdamw",
  check: ({ parameter, numbers, clip, ...others }) => {
    for (const [name, tensor] of Object.entries({ parameter, ...others })) {
      if (tensor.dtype === "float32" && tf.util.arraysEqual(tensor.shape, parameter.shape)) continue;
      throw new ShapeError(
        `adamw: ${name} does not fit the parameter. Got ${tensor.dtype} [${tensor.shape}], expected float32 [${parameter.shape}].`,
        { [name]: tensor.shape, parameter: parameter.shape },
      );
    }
    if (numbers.size === adamwNumberCount && clip.size === 1) return;
    throw new ShapeError(
      `adamw: no numbers of a step. Got ${numbers.size} and a clip of ${clip.size}, expected ${adamwNumberCount} (optimizer.numbers(step)) and 1.`,
      { numbers: numbers.shape, clip: clip.shape },
    );
  },
  composite: ({ parameter, gradient, first, second, numbers, clip }, _, { beta1, beta2, decays }) => {
    const number = (at: number) => tf.reshape(tf.slice(numbers, [at], [1]), []);
    const g = tf.mul(gradient, clip);
    const m = tf.add(first, tf.mul(tf.sub(g, first), 1 - beta1));
    const v = tf.add(second, tf.mul(tf.sub(tf.square(g), second), 1 - beta2));
    const factor = number(decays ? adamwNumber.decayedFactor : adamwNumber.factor);
    const step = tf.div(tf.mul(m, factor), tf.add(tf.sqrt(v), number(adamwNumber.epsilon)));
    const kept = decays ? tf.mul(parameter, number(adamwNumber.kept)) : parameter;
    const moves = tf.isFinite(g); // of the whole shape, as tfjs repeats a smaller one slowly
    const result = (after: tf.Tensor, before: tf.Tensor) => tf.where(moves, after, before);
    return [result(tf.add(kept, step), parameter), result(m, first), result(v, second)];
  },
});

/** `globalNorm`'s (of `@kindred/adamw`) part of each array as an op that an engine may implement: Σ x², a scalar. */
export const sumOfSquaresOp = defineOp<{ readonly x: Float }, None, None, Float<"">>({
  name: "KindredSumOfSquares",
  check: ({ x }) => {
    if (x.dtype === "float32") return;
    throw new ShapeError(`globalNorm: a gradient is not float32. Got ${x.dtype} [${x.shape}].`, { x: x.shape });
  },
  composite: ({ x }) => tf.sum(tf.square(x)),
});
