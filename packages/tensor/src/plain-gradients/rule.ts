import * as tf from "@tensorflow/tfjs-core";

/** The gradient of a tfjs kernel, with what it needs by name, ready for tfjs's registry. */
export type Rule = Omit<tf.GradConfig, "kernelName">;

/** What a rule is made of. `Saved` are the names of the inputs and outputs that are kept for the backward pass. */
type RuleParts<Saved extends string, Attributes> = {
  /** Inputs to keep. */
  readonly save?: readonly Saved[];
  /** Names for the outputs to keep, in order; undefined for one that is not needed. */
  readonly saveOutputs?: readonly (Saved | undefined)[];
  /** The gradient of each input, from that of the output. `dys` are those of all outputs where there are several. */
  readonly gradient: (
    dy: tf.Tensor,
    saved: { readonly [name in Saved]: tf.Tensor },
    attributes: Attributes,
    dys: readonly tf.Tensor[],
  ) => { readonly [input: string]: () => tf.Tensor };
};

/** A rule from typed parts. */
export function rule<Attributes = object, const Saved extends string = never>({
  save = [],
  saveOutputs = [],
  gradient,
}: RuleParts<Saved, Attributes>): Rule {
  const names = [...save, ...saveOutputs.filter((name) => name !== undefined)];
  return {
    inputsToSave: [...save],
    outputsToSave: saveOutputs.map((name) => name !== undefined),
    gradFunc: (dy, saved, attributes) => {
      const dys = Array.isArray(dy) ? dy : [dy];
      const named = Object.fromEntries(names.map((name, i) => [name, saved[i]]));
      // tfjs gives tensors in the order of their names, and the attributes with which the kernel was called; it types neither.
      return gradient(first(dys), named as { [name in Saved]: tf.Tensor }, attributes as unknown as Attributes, dys);
    },
  };
}

/** A rule of a kernel whose inputs are a list: the gradients in the list's order, from its tensors. */
export function listRule<Attributes>(
  gradients: (dys: readonly tf.Tensor[], inputs: readonly tf.Tensor[], attributes: Attributes) => (() => tf.Tensor)[],
): Rule {
  return {
    saveAllInputs: true,
    gradFunc: (dy, inputs, attributes) =>
      Object.fromEntries(
        gradients(Array.isArray(dy) ? dy : [dy], inputs, attributes as unknown as Attributes).map((dx, i) => [i, dx]),
      ),
  };
}

/** dy, summed over the axes along which a tensor of `shape` was broadcast, in that shape. Never dy itself, which tfjs's own walk would free. */
export function unbroadcast(dy: tf.Tensor, shape: number[]): tf.Tensor {
  if (tf.util.arraysEqual(dy.shape, shape)) return tf.clone(dy);
  const axes = tf.backend_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** 1 where the condition holds, else 0. */
export function indicator(condition: tf.Tensor): tf.Tensor {
  return tf.cast(condition, "float32");
}

function first(dys: readonly tf.Tensor[]): tf.Tensor {
  const [dy] = dys;
  if (dy === undefined) throw new Error("A kernel without outputs has no gradient.");
  return dy;
}
