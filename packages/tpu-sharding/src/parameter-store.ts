import type { Optimizer, OwnTensors, StepNumbers } from "@kindred/adamw";
import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import { ShapeError } from "@kindred/errors";
import type { Float, RowGradient } from "@kindred/tensor";

/**
 * Where a run's parameters live, as one core sees it within a step: it reads `parameters`, adds gradients, and moves on. Where moments lie,
 * and how cores exchange what they have, is the store's.
 *
 * Nothing is read back within a step, and all that changes with it comes as data, so that an engine may record it.
 */
export type ParameterStore = {
  /** By name, as tensors of the engine. An update changes what they hold, or puts others in their places: look them up in each step. */
  readonly parameters: EncoderParameters;
  /**
   * Hands over a gradient of this core, as soon as it is final; it is copied. A second one of the same name in the same step is added to the
   * first (micro-batches). What is never handed over counts as zeros; a table's row without gradient stays without, and so does what the
   * optimizer says is frozen.
   *
   * @throws ShapeError for a name that no parameter has, or another size.
   */
  add(name: string, gradient: Float | RowGradient): void;
  /**
   * Ends the step on all cores: sums the cores' gradients, clips, and moves parameters and slots by `numbers`, those of the optimizer for
   * this step. Gives the gradient's norm before it was clipped; where it is not finite nothing has moved.
   */
  update(numbers: Float32Array): StoreUpdate;
};

/** What a store says of an update. */
export type StoreUpdate = {
  readonly norm: Float<"">;
  /** Where the norm is not finite, the parameters whose summed gradient is not, of those that this core moves. Default: it is not known. */
  readonly notFinite?: readonly string[];
};

/** What a store is told of a run. */
export type StoreOptions = {
  readonly optimizer: Optimizer;
  /** The gradient is shortened to this norm where it is longer. Default Infinity: it is only measured. */
  readonly maxGradNorm?: number;
  /**
   * How the cores' gradients become one, the objective being the sum of the cores' losses. Default "clean".
   *
   * * `clean`: their sum is clipped;
   * * `xla-clean`: their mean is clipped;
   * * `xla-exact`: each is clipped by itself, then the mean is taken; the norm that is given is the largest.
   *
   * @see nreimers/se-pytorch-xla, train_many_data_files_v2.py: `clip_grad_norm_` on each core, then `xm.optimizer_step`, which averages
   */
  readonly clipping?: "clean" | "xla-exact" | "xla-clean";
  /**
   * What becomes of a table's rows that no core has touched in a step. "dense": what the optimizer does to elements without a gradient.
   * "lazy": nothing, what it remembers of them stands still too, which is another optimizer. Default "dense".
   *
   * @see PyTorch, `torch.optim.SparseAdam`, and TensorFlow Addons, `LazyAdam`, for the lazy form.
   */
  readonly untouched?: "dense" | "lazy";
};

/** The parameter and its slots as the optimizer moves them; a `ShapeError` unless it gives one tensor of the same size for each. */
export function movedBy(
  optimizer: Optimizer,
  own: OwnTensors,
  step: StepNumbers<Float<"n">, Float<"">>,
  spec: ParameterSpec,
): readonly Float[] {
  const moved = optimizer.update(own, step, spec);
  if (moved.length === 1 + own.slots.length && moved.every(({ size }) => size === own.parameter.size)) return moved;
  throw new ShapeError(
    `update: the optimizer ${optimizer.name} gives no new ${spec.name}. Got ${moved.length} tensors of [${moved.map(({ size }) => size)}] ` +
      `elements, expected the parameter and its ${own.slots.length} slots (${optimizer.slots.join(", ")}), ${own.parameter.size} elements each.`,
    { name: spec.name, sizes: moved.map(({ size }) => size) },
  );
}
