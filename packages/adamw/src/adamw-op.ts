import { ShapeError } from "@kindred/errors";
import { defineOp, type Float, type None } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** Places in the numbers of a step, as `adamw(…).numbers` lays them out. */
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

/** {@link globalNorm}'s part of each array as an op that an engine may implement: Σ x², a scalar. */
export const sumOfSquaresOp = defineOp<{ readonly x: Float }, None, None, Float<"">>({
  name: "KindredSumOfSquares",
  check: ({ x }) => {
    if (x.dtype === "float32") return;
    throw new ShapeError(`globalNorm: a gradient is not float32. Got ${x.dtype} [${x.shape}].`, { x: x.shape });
  },
  composite: ({ x }) => tf.sum(tf.square(x)),
});

/**
 * The Euclidean norm of all arrays taken as one long vector, √(Σ x²), as a tensor: nothing is read. No arrays have norm 0.
 *
 * A float32: above some 1.8e19 it is infinite, as a NaN or an infinity anywhere makes it NaN or infinite.
 *
 * @throws ShapeError if one is not float32.
 *
 * @example
 * ```ts
 * import { globalNorm } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * globalNorm([tf.tensor1d([2, 3]), tf.tensor1d([6])]).dataSync(); // => [7]
 * ```
 */
export function globalNorm(gradients: readonly Float[]): Float<""> {
  return tf.tidy(() => {
    const squares = gradients.map((x) => sumOfSquaresOp({ x }, {}, {}));
    return tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square), tf.scalar(0)));
  });
}

/**
 * What gradients of this norm are multiplied by so that it is at most `limit`: min(1, limit / (norm + 1e-6)); not finite where the norm
 * is not, so that {@link adamwOp} lets everything stand.
 *
 * The 1e-6 is PyTorch's `clip_grad_norm_`.
 *
 * @see Pascanu, Mikolov, Bengio (2013), On the difficulty of training recurrent neural networks, algorithm 1.
 *
 * @example
 * ```ts
 * import { clipFactor, globalNorm } from "@kindred/adamw";
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * clipFactor(globalNorm([tf.tensor1d([3, 4])]), 1).dataSync(); // => [0.20]
 * ```
 */
export function clipFactor(norm: Float<"">, limit: number): Float<""> {
  return tf.tidy(() => {
    const factor =
      limit === Number.POSITIVE_INFINITY ? tf.onesLike(norm) : tf.minimum(1, tf.div(limit, tf.add(norm, 1e-6)));
    return tf.where(tf.isFinite(norm), factor, tf.fill([], Number.NaN));
  });
}
